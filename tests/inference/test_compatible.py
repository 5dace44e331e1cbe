from dataclasses import replace

import numpy as np
import pytest

from cropdetect.errors import CheckpointError, MissingBandError
from cropdetect.inference import check_compatible


@pytest.fixture
def trained(checkpoint, weights):
    return lambda **record: checkpoint(weights(1), **record)


def test_data_like_the_training_data_gives_no_warning(chips, trained):
    assert check_compatible(chips(), trained()) == ()


def test_missing_bands_are_all_named(chips, trained):
    with pytest.raises(MissingBandError, match=r"VV, VH.*has B02, B04, B08"):
        check_compatible(chips(), trained(bands=("B04", "VV", "VH")))


@pytest.mark.parametrize(
    ("unlike", "words"),
    [
        ({"sensor": "landsat"}, "landsat"),
        ({"preset": "cv4a"}, "cv4a"),
        ({"size": 16}, "16 pixels"),
        ({"resolution": 30.0, "crs": "EPSG:32636"}, "30 m"),
        ({"resolution": 0.0009, "crs": "EPSG:4326"}, "100 m"),
    ],
)
def test_what_is_unlike_is_named(chips, trained, unlike, words):
    data = chips()
    data.info = replace(data.info, **unlike)
    warnings = check_compatible(data, trained())
    assert len(warnings) == 1
    assert words in warnings[0]


@pytest.mark.parametrize("unit", ["reflectance", "unknown", "as in the table", "percent"])
def test_nothing_is_predicted_from_numbers_of_another_unit(chips, trained, unit):
    data = chips()
    data.info = replace(data.info, units=unit)
    with pytest.raises(CheckpointError, match=rf"'{unit}'(.|\n)*'digital number'"):
        check_compatible(data, trained())


def test_two_unknown_units_are_told(chips, trained):
    data, kept = chips(), trained()
    data.info = replace(data.info, units="unknown")
    kept = replace(kept, record=kept.record.model_copy(update={"units": "as in the table"}))
    assert "unit" in check_compatible(data, kept)[0]


def test_ten_metres_in_degrees_are_ten_metres(chips, trained):
    data = chips()
    data.info = replace(data.info, resolution=10 / 111_320, crs="EPSG:4326")
    assert check_compatible(data, trained()) == ()


def test_an_offset_taken_off_matters_only_where_the_training_kept_it(chips, trained):
    data = chips()
    data.info = replace(data.info, offset=1000.0)
    kept = trained()
    assert check_compatible(data, kept) == ()
    kept = replace(kept, record=kept.record.model_copy(update={"offset_removed": False}))
    assert "1000" in check_compatible(data, kept)[0]


def test_chip_shape_does_not_matter_to_a_checkpoint_of_field_means(chips, trained):
    data = chips()
    data.info = replace(data.info, preset="cv4a", resolution=30.0, crs="EPSG:32636")
    assert check_compatible(data, trained(chip_size=1)) == ()


def test_dates_far_outside_the_training_season_are_named(chips, trained):
    # The dates are days 156 to 186 of 2019.
    assert check_compatible(chips(), trained(days=(165, 180))) == ()
    assert "from 6 June to 6 July." in check_compatible(chips(), trained(days=(172, 310)))[0]
    assert "from 6 June to 6 July." in check_compatible(chips(), trained(days=(100, 170)))[0]
    assert "from 6 June of the year after to" in check_compatible(chips().with_season_year(2018), trained())[0]


def test_the_number_of_dates_is_compared(chips, trained):
    assert check_compatible(chips(), trained(median_dates=6)) == ()
    assert "3 dates" in check_compatible(chips(), trained(median_dates=7))[0]
    assert "3 dates" in check_compatible(chips(), trained(median_dates=1))[0]
    assert "3 dates" in check_compatible(chips(), trained(median_dates=4, padding_invariant=False))[0]


def test_far_regions_are_named_in_any_crs(chips, trained):
    data = chips()  # 34 E, 0.5 N
    assert check_compatible(data, trained(region=(35.5, 0, 37, 1))) == ()
    far = trained(region=(3.0, 50.0, 5.0, 51.0))
    assert "near 0.5° N, 34.0° E." in check_compatible(data, far)[0]
    data.fields = data.fields.to_crs(32636)
    assert "near 0.5° N, 34.0° E." in check_compatible(data, far)[0]
    data.fields = data.fields.set_geometry(data.fields.geometry.where(np.zeros(5, bool)))
    assert check_compatible(data, far) == ()


@pytest.mark.parametrize("region", [(33.0, 0, -170.0, 1), (-180.0, -90, 180.0, 90), (-340.0, 0, -320.0, 1)])
def test_a_region_may_lie_on_both_sides_of_longitude_180(chips, trained, region):
    assert check_compatible(chips(), trained(region=region)) == ()  # 34 E


def test_fields_beyond_a_region_over_longitude_180_are_named(chips, trained):
    assert "near 0.5° N, 34.0° E" in check_compatible(chips(), trained(region=(170.0, 0, -170.0, 1)))[0]
