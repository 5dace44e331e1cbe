"""Files of weights: what is refused, and that nothing in them is run."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from cropdetect.errors import CheckpointError, WeightsError
from cropdetect.formats import CheckpointRecord, ChipRecord, Statistics, TrainingRecord
from cropdetect.models import Network, create, load_cv4a_weights, load_network, save_safetensors


def record_of(network: Network) -> CheckpointRecord:
    n = len(network.channels)
    return CheckpointRecord(
        model=network.record,
        legend=["maize", "cassava", "grass"],
        bands=list(network.bands),
        units="digital number",
        chips=ChipRecord(preset="default", size=8),
        statistics=Statistics(channels=list(network.channels), mean=[3.0] * n, std=[2.0] * n, origin="made up"),
        training=TrainingRecord(data=["made up"], licence="CC0-1.0", n_fields=3, class_counts={}),
        members=[],
        created="2024-05-01T12:00:00Z",
        cropdetect_version="0.1.0",
    )


def a_network() -> Network:
    return create("season-cnn", bands=["B04", "B08"], n_classes=3, dense=16)


def test_a_saved_network_comes_back_with_its_statistics(tmp_path: Path) -> None:
    network = a_network()
    file = tmp_path / "000.safetensors"
    file.write_bytes(save_safetensors(network))
    again = load_network(record_of(network), file)
    assert not again.training
    assert again.channel_mean.tolist() == [3.0] * 3
    assert again.channel_std.tolist() == [2.0] * 3
    for name, value in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, atol=0, rtol=0)
    assert save_safetensors(again) == save_safetensors(network)


def test_damaged_or_foreign_safetensors_are_named(tmp_path: Path) -> None:
    network = a_network()
    file = tmp_path / "000.safetensors"
    file.write_bytes(save_safetensors(network)[:1000])
    with pytest.raises(CheckpointError, match=r"000\.safetensors"):
        load_network(record_of(network), file)
    file.write_bytes(save_safetensors(create("season-cnn", bands=["B04", "B08"], n_classes=4, dense=16)))
    with pytest.raises(CheckpointError, match="linear"):
        load_network(record_of(network), file)
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_network(record_of(network), tmp_path / "absent.safetensors")


def test_2020_weights_become_the_state_of_conv_gru(tmp_path: Path) -> None:
    network = create("conv-gru")
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    state = load_cv4a_weights(tmp_path / "weights.pt")
    assert state.keys() == network.state_dict().keys()
    create("conv-gru").load_state_dict(state)


class Payload:
    """Runs a command when it is unpickled by a reader that lets it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.marker),)


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "run"
    torch.save({"conv1.weight": Payload(marker)}, tmp_path / "zip.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Payload(marker), protocol=2))
    for file in ("zip.pt", "plain.pt"):
        with pytest.raises(WeightsError, match=file):
            load_cv4a_weights(tmp_path / file)
    assert not marker.exists()


def test_truncated_empty_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    torch.save(create("conv-gru").state_dict(), tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    file = tmp_path / "weights.pt"
    for content in (whole[:100], whole[: len(whole) // 2], whole[:-200], b"", b"hello", whole[: len(whole) // 2] + bytes(1000)):
        file.write_bytes(content)
        with pytest.raises(WeightsError, match=r"weights\.pt"):
            load_cv4a_weights(file)
    with pytest.raises(WeightsError, match="no such file"):
        load_cv4a_weights(tmp_path / "absent.pt")


def test_weights_of_another_network_are_refused_and_the_difference_named(tmp_path: Path) -> None:
    state = create("conv-gru").state_dict()
    file = tmp_path / "weights.pt"
    for wrong, message in (
        ({name: value for name, value in state.items() if name != "gn2.bias"}, "gn2.bias is missing"),
        ({**state, "extra": torch.zeros(1)}, "extra does not belong"),
        ({**state, "linear.weight": torch.zeros(9, 256)}, "linear.weight"),
        ({**state, "linear.bias": torch.full((7,), torch.nan)}, "not finite"),
        ([1, 2], "dictionary"),
    ):
        torch.save(wrong, file)
        with pytest.raises(WeightsError, match=message):
            load_cv4a_weights(file)
