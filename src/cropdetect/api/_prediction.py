"""What `predict` returns: the answers as a table, a page or a folder, and what run.json says of them."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import PrivateAttr

from cropdetect.files import whole_file
from cropdetect.formats import PredictionRun
from cropdetect.notebook import frame
from cropdetect.options import AnyPath
from cropdetect.runs import OutputFolder
from cropdetect.scratch import Scratch

if TYPE_CHECKING:
    import geopandas as gpd

_RUN, _PAGE = "run.json", "report.html"


class Page(str):
    """A self-contained page in HTML; a notebook shows it in a frame."""

    __slots__ = ()

    def save(self, path: AnyPath) -> Path:
        """Write the page to a file, whole or not at all, and return its path."""
        out = Path(path)
        with whole_file(out) as whole:
            whole.write_text(self, "utf-8")
        return out

    def _repr_html_(self) -> str:
        return frame(self)


@dataclass(frozen=True)
class Answers:
    """Where the answers of a prediction are: in memory, or in the folder that was written.

    Attributes:
        arguments: of the call.
        read: returns the table of fields.
        write: writes all files into an empty folder.
        folder: the folder, None where they are in memory.
    """

    arguments: Mapping[str, Any]
    read: "Callable[[], gpd.GeoDataFrame]"
    write: Callable[[Path], None]
    folder: Path | None = None

    @classmethod
    def of_folder(cls, arguments: Mapping[str, Any], folder: Path) -> "Answers":
        """Return answers that `predict` has written."""

        def read() -> "gpd.GeoDataFrame":
            from cropdetect.outputs import read_prediction_table

            return read_prediction_table(folder)[0]

        return cls(arguments, read, lambda new: _copy(folder, new), folder)


class PredictionResult(PredictionRun):
    """What `predict` returns: what run.json says, with the answers.

    Example:
        >>> import cropdetect as cd
        >>> season = cd.simulate("season", tiles=1, height=200, width=200, fields=20)  # doctest: +SKIP
        >>> answer = cd.predict(season, checkpoint="kenya-simulated")  # doctest: +SKIP
        >>> answer.fields["crop"].value_counts()  # doctest: +SKIP
        >>> answer.to_folder("out")  # doctest: +SKIP
    """

    _answers: Answers = PrivateAttr()
    _temporary: Scratch | None = PrivateAttr(default=None)

    def __repr__(self) -> str:
        crops = self.fields["crop"].value_counts()
        counts = ", ".join(f"{count} {crop}" for crop, count in crops.items()) or "no crops"
        return f"<{type(self).__name__} of {self.n_fields} fields: {counts}>"

    __str__ = __repr__

    def __fspath__(self) -> str:
        """Return the folder, so that verbs take a prediction as they take its path; one in memory gets a temporary folder."""
        if self._answers.folder is not None:
            return str(self._answers.folder)
        if self._temporary is None:
            self._temporary = Scratch()
            self._answers.write(Path(self._temporary.name))
        return self._temporary.name

    @classmethod
    def of(cls, run: PredictionRun, answers: Answers) -> Self:
        """Join a record and its answers."""
        result = cls.model_validate(dict(run))
        result._answers = answers
        return result

    @cached_property
    def fields(self) -> "gpd.GeoDataFrame":
        """One row a field: id, geometry, crop, confidence, probabilities and status; the columns of fields.parquet."""
        return self._answers.read()

    def report(self) -> Page:
        """Return the page of the prediction: map, areas, doubtful fields, data quality."""
        return Page((Path(self) / _PAGE).read_text("utf-8"))

    def to_folder(self, out: AnyPath, *, overwrite: bool = False) -> Path:
        """Write all files of the prediction, as `predict` with `out` does, and return the folder.

        Args:
            out: output folder.
            overwrite: replace another output of cropdetect; other files stay.

        Raises:
            OutputExistsError, OutputPathError: nothing can be written at `out`.
        """
        output = OutputFolder("predict", {**self._answers.arguments, "out": Path(out), "overwrite": overwrite})
        if not output.finished():
            with output.writing() as work:
                self._answers.write(work.new)
        return output.path

    def _repr_html_(self) -> str:
        from cropdetect.outputs.notebook import prediction_html

        return prediction_html(self.fields, self)


def _copy(folder: Path, new: Path) -> None:
    from cropdetect.outputs import read_prediction_run

    for name in (*(file.path for file in read_prediction_run(folder).files), _RUN):
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, new / name)
