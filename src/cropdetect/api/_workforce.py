"""Who trains: processes of this machine, or the workers of a Dask cluster."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from cropdetect.errors import OptionError
from cropdetect.formats import TrainOptions
from cropdetect.in_memory import InMemory, as_source
from cropdetect.options import DataOptions, DataSource
from cropdetect.scratch import Scratch

if TYPE_CHECKING:
    from cropdetect.training.data import TrainingData
    from cropdetect.training.pool import Workforce


def _address(scheduler: Any) -> Any:
    """Return the address of a scheduler, of a client of Dask its own."""
    return getattr(getattr(scheduler, "scheduler", None), "address", scheduler)


Workers = Annotated[int | None, Field(ge=1, le=1024)]
"""Type of the parameter `workers`."""

Scheduler = Annotated[str | None, BeforeValidator(_address)]
"""Type of the parameter `scheduler`."""


def refuse_memory(scheduler: str | None, data: DataSource, options: DataOptions) -> None:
    """Raise OptionError where a cluster should work on data that lie in the memory of this process."""
    given = [one for one in (data, options.fields, options.reference) if one is not None]
    if scheduler is not None and any(isinstance(as_source(one), InMemory) for one in given):
        fix = "Save it to a folder that the workers see, and give its path."
        raise OptionError("the workers of a cluster do not see data in memory", where="--scheduler", fix=fix)


@contextmanager
def workforce(
    workers: int | None, scheduler: str | None, data: DataSource, options: DataOptions, settings: TrainOptions
) -> "Iterator[Workforce]":
    """Give those who train members on labelled data.

    Raises:
        OptionError: the workers of a cluster cannot see the data.
        MissingExtraError, ClusterError: the cluster cannot be reached.
    """
    from cropdetect.cluster import DaskCluster
    from cropdetect.training.pool import Workforce

    refuse_memory(scheduler, data, options)
    with DaskCluster.at(scheduler) as cluster:
        yield Workforce(workers, cluster, partial(_labelled, *absolute(data, options), settings))


def absolute(data: DataSource, options: DataOptions) -> tuple[DataSource, DataOptions]:
    """Return a source and options with absolute paths, so that another machine finds the same."""
    changed = {name: absolute_path(value) for name, value in options}
    return absolute_path(data), options.model_copy(update=changed)


def absolute_path(value: Any) -> Any:
    """Return a path as an absolute one; what is none, or an address, as it is."""
    from cropdetect.imagery import is_stac

    return Path(value).resolve() if isinstance(value, os.PathLike) and not is_stac(value) else value


def _labelled(data: DataSource, options: DataOptions, settings: TrainOptions) -> "TrainingData":
    """Open the labelled fields on a worker, which keeps the chips that it cuts until its end."""
    from cropdetect.chips import open_random_access
    from cropdetect.training.data import read_training_data

    folder = Scratch()
    _folders.append(folder)
    chips = open_random_access(data, Path(folder.name), options, settings.preset)
    return read_training_data(chips, settings.legend, season_year=settings.season_year)


_folders: list[Scratch] = []  # they go with the process
