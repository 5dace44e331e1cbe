"""A prediction shared out over the workers of a Dask cluster.

The client opens the data, as for a prediction on one machine, and cuts the list of batches into consecutive tasks. Chips are in
the order of the image blocks, so a task is a region, and only the block on its border is read by its neighbour, too. A worker
opens the same paths, cuts and scores its batches one by one, and sends the scores back: a few numbers a chip. The batches are
those of a prediction on one machine, so the answers are, too, to the last bit.
"""

import hashlib
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cropdetect.checkpoint import Checkpoint
from cropdetect.chips.chipset import ChipSet
from cropdetect.cluster import DaskCluster
from cropdetect.errors import ClusterError
from cropdetect.inference.compatible import in_training_season
from cropdetect.inference.ensemble import ChipScores, Ensemble
from cropdetect.inference.pipeline import Timings, checked_batches, in_order

if TYPE_CHECKING:
    from distributed import Future

Opening = Callable[[], tuple[ChipSet, Checkpoint]]  # opens chips and checkpoint; can be pickled, with absolute paths

_TASKS_A_THREAD = 4  # so that a slow worker holds up little
_LONGEST = 64  # batches of a task: what is lost with a worker that dies
_AHEAD = 2  # tasks of each thread that wait in the scheduler


@dataclass(frozen=True)
class _Job:
    """What every task of a prediction has in common."""

    opening: Opening
    digest: str
    device: str
    precision: str
    batch_size: int


class Cluster:
    """The workers of an existing Dask cluster, who see the data under the same paths.

    Args:
        address: of the scheduler, e.g. "tcp://10.0.0.1:8786".
        opening: opens on a worker what the client has opened.

    Raises:
        MissingExtraError: Dask's `distributed` is not installed.
        ClusterError: no scheduler answers, or it has no workers.
    """

    def __init__(self, address: str, opening: Opening) -> None:
        self._opening, self._dask = opening, DaskCluster(address)

    @staticmethod
    @contextmanager
    def of(address: str | None, opening: Opening) -> "Iterator[Cluster | None]":
        """Give the cluster at an address, or None where there is no address.

        Raises:
            MissingExtraError, ClusterError: as `Cluster`.
        """
        if address is None:
            yield None
            return
        cluster = Cluster(address, opening)
        try:
            yield cluster
        finally:
            cluster._dask.close()

    def scores(
        self, chips: ChipSet, first: int, n_batches: int, *, batch_size: int, device: str, precision: str
    ) -> Iterator[ChipScores]:
        """Yield the scores of the batches [first, n_batches) in their order.

        Args:
            chips: as the client has opened them.
            first: the first batch that is wanted.
            n_batches: of all chips.
            batch_size: chips a batch.
            device: see `open_backend`.
            precision: see `open_backend`.

        Raises:
            ClusterError: the scheduler went away, or all workers that tried a task died.
            CropDetectError: as `predict_chips`, raised by a worker.
        """
        job = _Job(self._opening, digest(chips), device, precision, batch_size)
        n_threads = self._dask.n_threads
        ranges = _ranges(first, n_batches, n_threads)
        under_way: list[Future[Any]] = []
        try:
            for begin, end in ranges:
                under_way.append(self._dask.submit(_run, job, begin, end))
                if len(under_way) >= n_threads * _AHEAD:
                    yield from under_way.pop(0).result()
            while under_way:
                yield from under_way.pop(0).result()
        except Exception as error:
            raise self._dask.named(error) from error
        finally:
            for future in under_way:
                future.cancel()


def _ranges(first: int, n_batches: int, n_threads: int) -> Iterator[tuple[int, int]]:
    """Cut the batches [first, n_batches) into tasks of about equal length."""
    length = max(1, min(_LONGEST, -(-(n_batches - first) // max(1, n_threads * _TASKS_A_THREAD))))
    for begin in range(first, n_batches, length):
        yield begin, min(n_batches, begin + length)


def digest(chips: ChipSet) -> str:
    """Return a hash of what client and workers must agree about: fields, chips, dates, bands, size of the sources."""
    info = chips.info
    said = (info.bands, info.size, info.n_steps, info.dates, info.n_bytes, info.offset, info.units, info.sensor)
    parts = hashlib.sha256(repr(said).encode())
    parts.update(chips.field_of_chip.tobytes())
    parts.update("\0".join(chips.fields["field_id"].astype(str)).encode())
    parts.update(chips.season_year.tobytes())
    return parts.hexdigest()


# ---------------------------------------------------------------- on a worker

_opened = threading.local()  # what this thread has opened: (hash of the job, chips, ensemble)


def _run(job: _Job, begin: int, end: int) -> list[ChipScores]:
    """Return the scores of the batches [begin, end), on a worker."""
    chips, ensemble = _open(job)
    batches = checked_batches(chips, job.batch_size, begin)
    return list(in_order(batches, ensemble.run, end - begin, workers=1, timings=Timings()))


def _open(job: _Job) -> tuple[ChipSet, Ensemble]:
    """Open data and networks once in each thread of a worker."""
    key = hashlib.sha256(pickle.dumps(job)).hexdigest()
    if getattr(_opened, "key", None) != key:
        chips, checkpoint = job.opening()
        chips = in_training_season(chips, checkpoint.record)
        if digest(chips) != job.digest:
            raise ClusterError(
                "a worker finds other data under the same paths",
                where=", ".join(chips.info.sources[:3]),
                fix="Give paths that all machines share, and the same version of cropdetect on each.",
            )
        ensemble = Ensemble(checkpoint, chips.info, device=job.device, precision=job.precision, workers=1)
        _opened.key, _opened.chips, _opened.ensemble = key, chips, ensemble
    return _opened.chips, _opened.ensemble
