"""Images in formats that are not read are told, with what to do."""

from pathlib import Path

import numpy as np
import pytest

from cropdetect.chips import recognise
from cropdetect.errors import UnknownLayoutError, UnsafePathError
from cropdetect.imagery import open_imagery
from tests.imagery.data import write_raster

IMAGE = np.full((4, 4), 500, np.uint16)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (("20190616.img",), "an ERDAS or ENVI image, which is not read; convert it: gdal_translate 20190616.img 20190616.tif"),
        (("20190616.dat", "20190616.hdr"), "20190616.dat is an ERDAS or ENVI image"),
        (("20190616", "20190616.hdr", "20190616.enp"), "gdal_translate 20190616 20190616.tif"),
        (("20190616.bil", "20190616.hdr"), "20190616.bil is an ERDAS or ENVI image"),
        (("a/20190616.GeoTIFF", "b/20190626.gtiff"), "2 files such as a/20190616.GeoTIFF are GeoTIFFs by other"),
        (("LC08_X.tar",), "LC08_X.tar is a tar archive, which is not read; unpack it: tar -xf LC08_X.tar"),
        (("20190616_B04.tif.gz",), "unpack it: gunzip 20190616_B04.tif.gz"),
        (("MOD09A1.A2019161.hdf",), "gdalinfo MOD09A1.A2019161.hdf lists its layers"),
        (("S1A.dim", "S1A.data/Sigma0_VV.img", "S1A.data/Sigma0_VV.hdr"), "export it in SNAP as GeoTIFF or NetCDF4-CF"),
        (("mosaic.vrt",), "mosaic.vrt is a virtual raster"),
        (("bands.npy",), "write GeoTIFF, or give an xarray Dataset with coordinates in Python"),
    ],
)  # fmt: skip
def test_images_that_are_not_read_are_told_with_what_to_do(tmp_path: Path, files: tuple[str, ...], told: str) -> None:
    for name in files:
        (tmp_path / "x" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "x" / name).write_bytes(b"0")
    with pytest.raises((UnknownLayoutError, UnsafePathError)) as caught:
        open_imagery(tmp_path / "x")
    assert told in caught.value.fix or isinstance(caught.value, UnsafePathError)
    write_raster(tmp_path / "x" / "20190606_B04.tif", IMAGE)
    (warning,) = open_imagery(tmp_path / "x").warnings
    assert told in warning


def test_the_message_about_a_virtual_raster_says_how_to_write_its_pixels(tmp_path: Path) -> None:
    (tmp_path / "a.vrt").write_text("<VRTDataset/>")
    with pytest.raises(UnsafePathError) as caught:
        open_imagery(tmp_path)
    assert "gdal_translate a.vrt a.tif" in caught.value.fix


def test_a_single_file_that_is_not_read_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"0")
    write_raster(tmp_path / "x_20190606_B04.tif", IMAGE)
    with pytest.raises(UnknownLayoutError) as caught:
        recognise(tmp_path / "x.tar")
    assert "unpack it: tar -xf x.tar. " in caught.value.fix


@pytest.mark.parametrize("beside", ["LC08_X_SR_B4.tif", "LC08_X/LC08_X_SR_B4.tif"])
def test_an_archive_beside_its_content_is_not_told(tmp_path: Path, beside: str) -> None:
    name = "LC08_L2SP_200028_20190606_20200828_02_T1"
    (tmp_path / f"{name}.tar").write_bytes(b"0")
    write_raster(tmp_path / beside.replace("LC08_X", name), np.full((4, 4), 9000, np.uint16))
    assert not any("tar" in warning for warning in open_imagery(tmp_path).warnings)


def test_headers_without_an_image_and_previews_are_not_told(tmp_path: Path) -> None:
    for name in ("a.hdr", "a.hdr.xml", "preview.jpg", "B04.tif.aux.xml", "ATT.xml"):
        (tmp_path / name).write_bytes(b"0")
    write_raster(tmp_path / "20190606_B04.tif", IMAGE)
    assert open_imagery(tmp_path).warnings == ()
