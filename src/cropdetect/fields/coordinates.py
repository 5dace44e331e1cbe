"""Do the coordinates fit the coordinate reference system (CRS) that the file states?"""

from functools import lru_cache

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from cropdetect.errors import FieldsError
from cropdetect.imagery import Imagery, bounds_in_degrees, joined, touch

_DEGREES = CRS.from_epsg(4326)
_GRIDS = (  # national and other grids in wide use, beside the zones of UTM
    *(27700, 28992, 31370, 2056, 21781, 31287, 3763, 2154, 5514, 2180, 3794, 3765, 3301, 3059, 3346, 3067, 3006),
    *(3035, 5070, 3857),
)
_NEAR, _FAR = 0.1, 0.5  # shares of the sides of a CRS' area: how far beyond it fields may lie
_CLEARLY_APART = 0.5  # degrees
_WORLDWIDE = 20_000_000  # metres: wider areas have their origin in the Gulf of Guinea

Points = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def impossible_coordinates(fields: gpd.GeoDataFrame, imagery: Imagery | None, where: object) -> Flags:
    """Tell which fields have coordinates that are none in the file's CRS.

    Args:
        fields: geometries, and the CRS that the file states, if any.
        imagery: on which the fields shall lie, if known.
        where: the file, for messages.

    Returns:
        (field,) bool.

    Raises:
        FieldsError: most of the fields have such coordinates, or lie on the imagery only in its CRS, so that the file's CRS is
            wrong; or latitude and longitude are swapped.
    """
    bounds = shapely.bounds(np.asarray(fields.geometry.array, dtype=object))
    there = np.isfinite(bounds).all(axis=1)
    points = ((bounds[:, :2] + bounds[:, 2:]) / 2)[there]
    wrong = np.zeros(len(fields), bool)
    if fields.crs is None or len(points) == 0:
        return wrong
    crs = CRS.from_user_input(fields.crs)
    degrees = bool(crs.is_geographic)
    wrong[there] = _beyond_degrees(points) if degrees else ~_beyond_degrees(points) & _far_from_origin(points, crs)
    unit = "degrees" if degrees else "metres"
    if _swapped(points, crs, imagery):
        raise FieldsError(
            f"coordinates such as {_shown(points)} fit {_named(crs)} only the other way round",
            where=where,
            fix="Latitude and longitude (or northing and easting) are swapped: write x, the longitude or easting, first.",
        )
    if _most(wrong[there]):
        raise FieldsError(
            f"coordinates such as {_shown(points)} cannot be {unit}, as {_named(crs)} has them",
            where=where,
            fix=f"They look like {likely_crs(points, imagery)}: state the CRS that they are in.",
        )
    own = _imagery_crs(imagery)
    if (
        imagery is not None
        and own is not None
        and own != crs
        and not _on(imagery, points, crs).any()
        and _most(_on(imagery, points, own))
    ):
        raise FieldsError(
            f"coordinates such as {_shown(points)} do not lie on the imagery in {_named(crs)}, which the file states, but do in "
            f"{_named(own)}, the imagery's CRS",
            where=where,
            fix="State the CRS that the coordinates are in.",
        )
    return wrong


def likely_crs(points: Points, imagery: Imagery | None) -> str:
    """Return the CRS that coordinates are likely in, as a user reads it.

    Args:
        points: (field, 2) x and y.
        imagery: on which they shall lie, if known: its CRS is the first that is tried.
    """
    own = _imagery_crs(imagery)
    if imagery is not None and own is not None and _most(_on(imagery, points, own)):
        return f"{_named(own)}, the CRS of the imagery"
    if _most(~_beyond_degrees(points)):
        return "degrees (EPSG:4326)"
    fitting = [crs for crs in map(CRS.from_epsg, _GRIDS) if _most(_in_area(points, crs, 0.0))]
    names = [f"EPSG:{crs.to_epsg()}" for crs in sorted(fitting, key=_size)]
    x, y = np.median(points, axis=0)
    if 160_000 <= x <= 840_000 and 0 <= y <= 10_000_000:
        names.append("a UTM zone (EPSG:326.. or EPSG:327..)")
    return f"metres, of {' or '.join(names) or 'a national grid'}"


def outside_imagery(fields: gpd.GeoDataFrame, imagery: Imagery) -> int:
    """Return how many fields with a geometry touch no tile; 0 where a place is not known."""
    there = fields.geometry[fields.geometry.notna() & ~fields.geometry.is_empty]
    if there.crs is None or _imagery_crs(imagery) is None:
        return 0
    return int((~_on(imagery, np.asarray(there.array, dtype=object), CRS.from_user_input(there.crs))).sum())


def where_both_lie(fields: gpd.GeoDataFrame, imagery: Imagery) -> str:
    """Return a sentence that tells the places of fields and images in degrees; "" where they are not known."""
    there = fields.geometry[fields.geometry.notna() & ~fields.geometry.is_empty]
    own = _imagery_crs(imagery)
    if own is None or there.crs is None or there.empty:
        return ""
    tile = next(tile.geobox for tile in imagery.tiles if tile.geobox.crs is not None)
    degrees = bounds_in_degrees(there) if there.crs.is_geographic else None
    boxes = ((there.total_bounds, there.crs), (tile.extent.geom.bounds, own))
    middles = (gpd.GeoSeries.from_xy([(box[0] + box[2]) / 2], [(box[1] + box[3]) / 2], crs=crs) for box, crs in boxes)
    (x, y), (west, north) = (middle.to_crs(_DEGREES).get_coordinates().to_numpy()[0] for middle in middles)
    if degrees is not None:
        x = degrees[0] + (degrees[2] - degrees[0]) % 360 / 2
    x, west = ((longitude + 180) % 360 - 180 if abs(longitude) > 180 else longitude for longitude in (x, west))
    digits = 1 if max(abs(x - west), abs(y - north)) > _CLEARLY_APART else 4
    return (
        f"The fields lie around {x:.{digits}f} E, {y:.{digits}f} N ({_named(CRS.from_user_input(there.crs))}), the images around "
        f"{west:.{digits}f} E, {north:.{digits}f} N ({_named(own)})."
    )


def _swapped(points: Points, crs: CRS, imagery: Imagery | None) -> bool:
    """Tell whether points lie where they should only when x and y change places."""
    turned = points[:, ::-1]
    if imagery is not None and _imagery_crs(imagery) is not None:
        return not _on(imagery, points, crs).any() and _most(_on(imagery, turned, crs))
    if not crs.is_geographic and not _most(_beyond_degrees(points)):
        return False
    return _most(~_in_area(points, crs, _NEAR if crs.is_geographic else _FAR)) and _most(_in_area(turned, crs, _NEAR))


def _imagery_crs(imagery: Imagery | None) -> CRS | None:
    known = () if imagery is None else [tile.geobox.crs for tile in imagery.tiles if tile.geobox.crs is not None]
    return CRS.from_user_input(known[0].to_wkt()) if known else None


def _on(imagery: Imagery, shapes: Points | npt.NDArray[np.object_], crs: CRS) -> Flags:
    """Tell which points (point, 2), or geometries, of a CRS touch some tile."""
    geometries = shapely.points(shapes) if shapes.ndim == 2 else shapes
    found = np.zeros(len(geometries), bool)
    boxes: dict[str, list[shapely.Polygon]] = {}
    for tile in imagery.tiles:
        if tile.geobox.crs is not None:
            boxes.setdefault(tile.geobox.crs.to_wkt(), []).append(tile.geobox.extent.geom)
    for wkt, tiles in boxes.items():
        own = gpd.GeoSeries(tiles, crs=wkt)
        there = own.to_crs(crs)
        if crs.is_geographic:  # a box in metres leaps where it lies on the antimeridian
            found |= touch(gpd.GeoSeries(geometries, crs=crs), there if own.crs.is_geographic else joined(there))
        else:
            tree = shapely.STRtree(np.asarray(there.array, dtype=object))
            found[tree.query(geometries, predicate="intersects")[0]] = True
    return found


def _beyond_degrees(points: Points) -> Flags:
    return np.asarray((np.abs(points[:, 0]) > 360) | (np.abs(points[:, 1]) > 90))


def _in_area(points: Points, crs: CRS, margin: float) -> Flags:
    """Tell which points lie in the area for which a CRS was made, grown by a share of its sides; all where it is not known."""
    area = _area(crs)
    if area is None:
        return np.ones(len(points), bool)
    west, south, east, north = area
    x, y = points.T
    dx, dy = (east - west) * margin, (north - south) * margin
    inside = (x >= west - dx) & (x <= east + dx) & (y >= south - dy) & (y <= north + dy)
    return np.asarray(inside & ~_beyond_degrees(points) if crs.is_geographic else inside)


@lru_cache(maxsize=256)
def _area(crs: CRS) -> tuple[float, float, float, float] | None:
    """Return west, south, east and north of the area of a CRS, in its own coordinates; None where it is not known."""
    area = crs.area_of_use
    if area is None:
        return None
    west, south, east, north = area.bounds
    if crs.is_geographic:
        return (west, south, east, north) if west < east and east - west < 300 else (-360.0, -90.0, 360.0, 90.0)
    try:
        box = Transformer.from_crs(_DEGREES, crs, always_xy=True).transform_bounds(west, south, east, north)
    except ProjError:
        return None
    return box if np.isfinite(box).all() else None


def _far_from_origin(points: Points, crs: CRS) -> Flags:
    """Tell which points with coordinates near 0 are none of a projected CRS: its origin is not in its area, or in the sea."""
    area = _area(crs)
    if area is not None and area[2] - area[0] > _WORLDWIDE:
        return np.ones(len(points), bool)
    return ~_in_area(points, crs, 0.0)


def _size(crs: CRS) -> float:
    west, south, east, north = _area(crs) or (0.0, 0.0, 0.0, 0.0)
    return (east - west) * (north - south)


def _most(flags: Flags) -> bool:
    return bool(flags.mean() > 0.5)


def _shown(points: Points) -> str:
    x, y = points[len(points) // 2]
    return f"{x:.7g}, {y:.7g}"


def _named(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code} ({crs.name})" if code else crs.name
