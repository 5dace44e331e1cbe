import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cropdetect.errors import DiskFullError, OptionError
from cropdetect.files import whole_file
from cropdetect.inference import parts, predict_chips

ARRAYS = ("probabilities", "disagreement", "n_dates", "clear_share", "n_pixels", "status")


def same_bytes(one, other):
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in ARRAYS)


def stopping_after(data, n_batches):
    """Make the chip set fail after so many batches, and count the chips that it gives."""
    take, given = data.take, []

    def counted(rows):
        if len(given) == n_batches:
            raise KeyboardInterrupt
        given.append(len(rows))
        return take(rows)

    data.take = counted
    return given


@pytest.fixture(autouse=True)
def a_part_a_batch(monkeypatch):
    monkeypatch.setattr(parts, "_SECONDS_A_PART", 0.0)


def test_a_stopped_prediction_goes_on_and_gives_the_same_bytes(chips, checkpoint, weights, tmp_path):
    trained, rows = checkpoint(weights(3)), [*range(20), *range(20)]  # the second half: again a chip of each field
    whole, _ = predict_chips(chips(40, field_of_chip=rows), trained, batch_size=3)
    state = tmp_path / "out" / ".partial"
    stopped = chips(40, field_of_chip=rows)
    stopping_after(stopped, 9)
    with pytest.raises(KeyboardInterrupt):
        predict_chips(stopped, trained, batch_size=3, workers=1, state=state)
    rest = chips(40, field_of_chip=rows)
    given = stopping_after(rest, 99)
    resumed, _ = predict_chips(rest, trained, batch_size=3, workers=2, state=state)
    assert 0 < sum(given) <= 40 - 6 * 3  # at most workers + 2 batches of work were lost
    assert same_bytes(whole, resumed)


def test_a_finished_prediction_cuts_nothing_again(chips, checkpoint, weights, tmp_path):
    trained = checkpoint(weights(2))
    first, _ = predict_chips(chips(12), trained, batch_size=5, state=tmp_path / "state")
    again = chips(12)
    given = stopping_after(again, 99)
    second, _ = predict_chips(again, trained, batch_size=5, state=tmp_path / "state")
    assert given == []
    assert same_bytes(first, second)


def test_damaged_parts_are_answered_again(chips, checkpoint, weights, tmp_path):
    trained, state = checkpoint(weights(2)), tmp_path / "state"
    whole, _ = predict_chips(chips(30), trained, batch_size=3, state=state)
    files = sorted(state.glob("answers-*.npz"))
    files[4].write_bytes(files[4].read_bytes()[:50])
    files[7].write_bytes(b"")
    again, _ = predict_chips(chips(30), trained, batch_size=3, state=state)
    assert same_bytes(whole, again)
    third = chips(30)
    given = stopping_after(third, 99)
    predict_chips(third, trained, batch_size=3, state=state)
    assert given == []


def test_a_full_disk_is_named_and_the_prediction_goes_on_later(chips, checkpoint, weights, tmp_path, monkeypatch):
    trained, state = checkpoint(weights(2)), tmp_path / "state"
    whole, _ = predict_chips(chips(30), trained, batch_size=3)
    save, saved = np.savez, []

    def full(file, **arrays):
        if len(saved) == 3:
            Path(file).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        saved.append(file)
        save(file, **arrays)

    with monkeypatch.context() as patch, pytest.raises(DiskFullError):
        patch.setattr(parts.np, "savez", full)
        predict_chips(chips(30), trained, batch_size=3, state=state)
    assert len(list(state.glob("*answers*"))) == 3
    resumed, _ = predict_chips(chips(30), trained, batch_size=3, state=state)
    assert same_bytes(whole, resumed)


PROGRAM = """
import sys, time
from pathlib import Path
import numpy as np
from cropdetect.inference import parts, predict_chips
from tests.inference.conftest import linear_network, make_checkpoint, make_chips, random_weights

parts._SECONDS_A_PART = 0.05
folder, halts = Path(sys.argv[1]), sys.argv[2] == "halts"
data = make_chips(150, field_of_chip=[*range(75), *range(75)])
take = data.take
def slow(rows):
    if halts:
        time.sleep(600 if len(list(folder.glob("out/.partial/answers-*.npz"))) >= 3 else 0.05)
    return take(rows)
data.take = slow
trained = make_checkpoint(folder / "checkpoint", [linear_network(w) for w in random_weights(2)])
answer, _ = predict_chips(data, trained, batch_size=2, state=folder / "out" / ".partial")
np.savez(folder / "answer.npz", **{name: getattr(answer, name) for name in sys.argv[3:]})
"""


def test_a_killed_process_goes_on_and_gives_the_same_bytes(chips, checkpoint, weights, tmp_path):
    whole, _ = predict_chips(chips(150, field_of_chip=[*range(75), *range(75)]), checkpoint(weights(2)), batch_size=2)
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    process = subprocess.Popen([*command, "halts", *ARRAYS], cwd=root)
    parts_written = tmp_path / "out" / ".partial"
    deadline = time.monotonic() + 300
    while len(list(parts_written.glob("answers-*.npz"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert len(list(parts_written.glob("answers-*.npz"))) >= 3
    assert not (tmp_path / "answer.npz").exists()
    subprocess.run([*command, "goes on", *ARRAYS], cwd=root, check=True)
    resumed = np.load(tmp_path / "answer.npz")
    for name in ARRAYS:
        assert resumed[name].tobytes() == getattr(whole, name).tobytes()


def test_a_part_is_never_seen_half_written(tmp_path):
    with pytest.raises(RuntimeError), whole_file(tmp_path / "answers-0000000-0000001.npz") as partial:
        partial.write_bytes(b"half")
        assert parts._PART.fullmatch(partial.name) is None
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_leaves_no_trace(chips, checkpoint, weights, tmp_path):
    state = tmp_path / "out" / ".partial"
    trained = checkpoint(weights(4))
    with pytest.raises(OptionError):
        predict_chips(chips(12), trained, device="no such device", state=state)
    assert not state.exists()
