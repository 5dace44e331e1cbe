"""Any source of pixels as series of dates and bands on one grid."""

from cropdetect.imagery.open import open_imagery
from cropdetect.imagery.series import FieldFiles, Imagery, ImageSeries, PixelBlock, Window

__all__ = ["FieldFiles", "ImageSeries", "Imagery", "PixelBlock", "Window", "open_imagery"]
