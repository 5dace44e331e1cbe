from dataclasses import replace

import numpy as np
import pytest

from cropdetect.checkpoint import MemberFiles, read_checkpoint, write_checkpoint
from cropdetect.formats import Statistics
from cropdetect.inference import predict_chips

torch = pytest.importorskip("torch")

from cropdetect import models  # noqa: E402

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD")


NETWORKS = ["conv-gru", "season-cnn", "pse-ltae", "tempcnn"]
TOLERANCE = (
    {("f32", name): 1e-5 for name in NETWORKS} | {("bf16", name): 0.02 for name in NETWORKS} | {("bf16", "conv-gru"): 0.005}
)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_exported_networks_answer_as_torch_does(chips, checkpoint, weights, tmp_path, name, precision):
    if precision == "bf16":
        pytest.importorskip("openvino")
    torch.manual_seed(0)
    network = models.create(name, bands=list(BANDS), n_classes=3).eval()
    n = len(network.channels)
    statistics = Statistics(channels=list(network.channels), mean=[10.0] * n, std=[20.0] * n, origin="test")
    network.set_statistics(statistics)
    about = {"model": network.record, "bands": list(network.bands), "statistics": statistics}
    record = checkpoint(weights(1), legend=("a", "b", "c")).record.model_copy(update=about)
    member = MemberFiles(onnx=models.export_onnx(network), safetensors=b"")
    write_checkpoint(tmp_path / "real", record, [member])

    data = chips(7, bands=(*BANDS[::-1], "SCL"), size=8, steps=5, seed=3)
    batch = data.batch
    batch.date[2:4, 4] = np.datetime64("NaT", "D")
    batch.clear[2:4, 4] = False
    batch.clear[:, 1, :3] = False
    predictions, _ = predict_chips(data, read_checkpoint(tmp_path / "real"), precision=precision, batch_size=4)

    ordered = replace(batch, image=batch.image[:, :, 12::-1])
    for chip in range(7):
        there = ~np.isnat(ordered.date[chip])
        inputs = (ordered.image[chip, there].astype(np.float32), ordered.mask[chip], ordered.clear[chip, there])
        with torch.no_grad():
            scores = network(*(torch.tensor(part)[None] for part in (*inputs, ordered.day()[chip, there])))
        expected = torch.softmax(scores[0].double(), dim=0).numpy()
        np.testing.assert_allclose(predictions.probabilities[chip], expected, atol=TOLERANCE[precision, name])
