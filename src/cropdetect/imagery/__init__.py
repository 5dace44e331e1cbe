"""Any source of pixels as series of dates and bands on one grid."""

from cropdetect.imagery.bands import band_with_role, is_quality, parse_band
from cropdetect.imagery.identity import match_bands, sensor_of
from cropdetect.imagery.layouts import SEE_LAYOUTS, accepted_layouts
from cropdetect.imagery.layouts.folders import is_field_raster
from cropdetect.imagery.open import is_imagery, open_imagery
from cropdetect.imagery.sensors import sensor_bands
from cropdetect.imagery.series import FieldFiles, Imagery, ImageSeries, PixelBlock, Window, merge_warnings
from cropdetect.imagery.stated import StatedBand, stated_bands, stated_masks
from cropdetect.imagery.stores.safety import gdal, raster_driver, refuse_zarr_objects, unreadable
from cropdetect.imagery.stores.zips import is_image_archive

__all__ = [
    "SEE_LAYOUTS",
    "FieldFiles",
    "ImageSeries",
    "Imagery",
    "PixelBlock",
    "StatedBand",
    "Window",
    "accepted_layouts",
    "band_with_role",
    "gdal",
    "is_field_raster",
    "is_image_archive",
    "is_imagery",
    "is_quality",
    "match_bands",
    "merge_warnings",
    "open_imagery",
    "parse_band",
    "raster_driver",
    "refuse_zarr_objects",
    "sensor_bands",
    "sensor_of",
    "stated_bands",
    "stated_masks",
    "unreadable",
]
