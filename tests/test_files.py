"""What is written is whole, or what was there before stays."""

from pathlib import Path

import pytest

from cropdetect.files import whole_folder


def fill(folder: Path, text: str) -> None:
    with whole_folder(folder, overwrite=True) as partial:
        (partial / "text").write_text(text, "utf-8")


@pytest.mark.parametrize("fails", [True, False])
def test_a_folder_is_replaced_or_stays_as_it_was_and_nothing_is_left_beside_it(
    fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    fill(out, "old")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.suffix == ".partial":
            raise PermissionError(13, "no", str(self))
        return rename(self, target)

    if fails:
        monkeypatch.setattr(Path, "rename", refuse)
        with pytest.raises(PermissionError):
            fill(out, "new")
    else:
        fill(out, "new")
    assert (out / "text").read_text("utf-8") == ("old" if fails else "new")
    assert list(tmp_path.iterdir()) == [out]
