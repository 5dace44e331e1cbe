"""Any source of pixels as series of dates and bands on one grid."""

from cropdetect.imagery.antimeridian import beside, bounds_in_degrees, boxes_of, joined, laid_on, middle_of, touch, utm_zone
from cropdetect.imagery.bands import band_with_role, is_quality, parse_band
from cropdetect.imagery.download import Download, Wanted, plan_download
from cropdetect.imagery.identity import match_bands, sensor_of
from cropdetect.imagery.layouts import SEE_LAYOUTS, Search, accepted_layouts
from cropdetect.imagery.layouts.folders import is_field_raster
from cropdetect.imagery.layouts.stac import is_item_collection
from cropdetect.imagery.layouts.stac_search import address_without_prefix, as_typed, is_address, is_stac
from cropdetect.imagery.open import is_imagery, open_imagery
from cropdetect.imagery.other_formats import how_to_read
from cropdetect.imagery.places import check_place
from cropdetect.imagery.sensors import sensor_bands
from cropdetect.imagery.series import FieldFiles, Imagery, ImageSeries, PixelBlock, Window, merge_warnings
from cropdetect.imagery.stated import StatedBand, stated_bands, stated_masks
from cropdetect.imagery.stores.safety import gdal, refuse_zarr_objects, unreadable, without_driver
from cropdetect.imagery.stores.zips import is_image_archive, raster_driver

__all__ = [
    "SEE_LAYOUTS",
    "Download",
    "FieldFiles",
    "ImageSeries",
    "Imagery",
    "PixelBlock",
    "Search",
    "StatedBand",
    "Wanted",
    "Window",
    "accepted_layouts",
    "address_without_prefix",
    "as_typed",
    "band_with_role",
    "beside",
    "bounds_in_degrees",
    "boxes_of",
    "check_place",
    "gdal",
    "how_to_read",
    "is_address",
    "is_field_raster",
    "is_image_archive",
    "is_imagery",
    "is_item_collection",
    "is_quality",
    "is_stac",
    "joined",
    "laid_on",
    "match_bands",
    "merge_warnings",
    "middle_of",
    "open_imagery",
    "parse_band",
    "plan_download",
    "raster_driver",
    "refuse_zarr_objects",
    "sensor_bands",
    "sensor_of",
    "stated_bands",
    "stated_masks",
    "touch",
    "unreadable",
    "utm_zone",
    "without_driver",
]
