import h5py
import numpy as np
import pytest

from cropdetect.errors import UnreadableFileError, UnsafePathError
from cropdetect.imagery import Window, open_imagery
from tests.imagery.data import cube, write_raster

VRT = """<VRTDataset rasterXSize="6" rasterYSize="4"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>
<SourceFilename>/vsicurl/http://localhost:9/image.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource>
</VRTRasterBand></VRTDataset>"""


@pytest.mark.parametrize(
    "path", ["/vsicurl/http://localhost:9/a.tif", "http://localhost:9/", "s3://bucket/a.zarr", "/vsizip/a.zip"]
)
def test_addresses_and_virtual_file_systems_are_refused(path):
    with pytest.raises(UnsafePathError, match="local path"):
        open_imagery(path)


@pytest.mark.parametrize("content", [VRT, "\n  " + VRT, "\ufeff" + VRT, "<GDAL_WMS></GDAL_WMS>"])
def test_a_virtual_raster_that_is_called_tif_is_refused(tmp_path, content):
    write_raster(tmp_path / "20180415_B04.tif", np.ones((4, 6), np.uint16))
    (tmp_path / "20180425_B04.tif").write_text(content)
    with pytest.raises(UnsafePathError, match="20180425_B04"):
        open_imagery(tmp_path)


def test_a_virtual_raster_alone_is_refused_and_beside_images_is_not_read(tmp_path):
    (tmp_path / "20180425_B04.vrt").write_text(VRT)
    for path in (tmp_path, tmp_path / "20180425_B04.vrt"):
        with pytest.raises(UnsafePathError, match=r"20180425_B04\.vrt"):
            open_imagery(path)
    write_raster(tmp_path / "20180415_B04.tif", np.ones((4, 6), np.uint16))
    assert len(open_imagery(tmp_path).dates) == 1


def test_formats_that_gdal_would_guess_are_refused(tmp_path):
    (tmp_path / "20180425_B04.tif").write_text("WMTS:http://localhost:9/")
    with pytest.raises(UnreadableFileError, match="neither GeoTIFF nor JP2"):
        open_imagery(tmp_path)


def test_side_car_files_have_no_say(tmp_path):
    file = write_raster(tmp_path / "20180415_B04.tif", np.ones((4, 6), np.uint16))
    (tmp_path / "20180415_B04.tif.aux.xml").write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/vsicurl/http://localhost:9/o.tif</MDI></Metadata>'
        '<PAMRasterBand band="1"><NoDataValue>1</NoDataValue></PAMRasterBand></PAMDataset>'
    )
    assert open_imagery(file).tiles[0].read(Window(0, 0, 4, 6)).clear.all()


@pytest.mark.parametrize("kind", ["link", "external", "virtual"])
def test_hdf5_that_takes_numbers_from_other_files_is_refused(tmp_path, kind):
    cube({"B04": np.ones((2, 6, 8), np.uint16)}).to_netcdf(tmp_path / "cube.nc", engine="h5netcdf")
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["B08"] = np.ones((2, 6, 8), np.uint16)
    with h5py.File(tmp_path / "cube.nc", "a") as file:
        if kind == "link":
            file["B08"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "B08")
        elif kind == "external":
            file.create_dataset("B08", (2, 6, 8), "u2", external=[(str(tmp_path / "raw"), 0, h5py.h5f.UNLIMITED)])
        else:
            layout = h5py.VirtualLayout((2, 6, 8), "u2")
            layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "B08", (2, 6, 8))
            file.create_virtual_dataset("B08", layout)
    with pytest.raises(UnsafePathError, match="B08"):
        open_imagery(tmp_path / "cube.nc")


def test_pickled_zarr_objects_are_refused(tmp_path):
    import json

    cube({"B04": np.ones((2, 6, 8), np.uint16)}).to_zarr(tmp_path / "cube.zarr", zarr_format=2, consolidated=False)
    (tmp_path / "cube.zarr" / "names").mkdir()
    metadata = {
        "zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "compressor": None, "fill_value": 0, "order": "C",
        "filters": [{"id": "pickle", "protocol": 5}],
    }  # fmt: skip
    (tmp_path / "cube.zarr" / "names" / ".zarray").write_text(json.dumps(metadata))
    with pytest.raises(UnsafePathError, match="names"):
        open_imagery(tmp_path / "cube.zarr")
