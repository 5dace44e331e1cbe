"""Members trained by the workers of a Dask cluster, who open the labelled fields under the same paths."""

import hashlib
import pickle
import threading
import uuid
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cropdetect.cluster import DaskCluster
from cropdetect.errors import ClusterError
from cropdetect.inference.cluster import digest
from cropdetect.scratch import Scratch
from cropdetect.training.data import TrainingData
from cropdetect.training.members import KeptMember, MemberJob, Pending, Tell, Weights, train_member
from cropdetect.training.monitor import EpochReport

if TYPE_CHECKING:
    from distributed import Future

Opening = Callable[[], TrainingData]


class OnCluster:
    """The workers of a cluster. What they have trained is kept here, so that it is not trained again.

    Args:
        cluster: whose workers train.
        opening: opens the labelled fields on a worker.
        data: the labelled fields.
        tell: called from another thread with each report.
    """

    def __init__(self, cluster: DaskCluster, opening: Opening, data: TrainingData, tell: Tell) -> None:
        self._cluster, self._opening, self._tell = cluster, opening, tell
        self._digest = _digest(data)
        self._topic = f"cropdetect-{uuid.uuid4().hex}"
        self._under_way: list[Future[Any]] = []
        self._cluster.client.subscribe_topic(self._topic, self._hear)

    def submit(self, job: MemberJob) -> Pending:
        """Begin a job."""
        future = self._cluster.submit(_train, self._opening, self._digest, self._topic, job)
        self._under_way.append(future)
        return _Remote(future, job, self._cluster, self._tell)

    def close(self) -> None:
        """Call off what is not done."""
        for future in self._under_way:
            future.cancel()
        self._cluster.client.unsubscribe_topic(self._topic)

    def _hear(self, event: tuple[Any, Any]) -> None:
        fold, *report = event[1]
        self._tell(fold, EpochReport(*report))


class _Remote:
    """A member that a worker trains."""

    def __init__(self, future: "Future[Any]", job: MemberJob, cluster: DaskCluster, tell: Tell) -> None:
        self._future, self._job, self._cluster, self._tell = future, job, cluster, tell

    def done(self) -> bool:
        return bool(self._future.done())

    def result(self) -> Weights:
        try:
            weights, reports = self._future.result()
        except Exception as error:
            raise self._cluster.named(error) from error
        kept = KeptMember(self._job, self._tell)
        kept.keep(weights, reports)
        return kept.result()


def _digest(data: TrainingData) -> str:
    """Return a hash of what client and workers must agree about."""
    return hashlib.sha256(f"{digest(data.chips)} {data.legend} {data.bands}".encode() + data.classes.tobytes()).hexdigest()


# ---------------------------------------------------------------- on a worker

_opened: dict[bytes, TrainingData] = {}  # the last that was opened
_opening = threading.Lock()


def _train(opening: Opening, expected: str, topic: str, job: MemberJob) -> tuple[Weights, list[EpochReport]]:
    """Train a member on a worker; return its weights and the reports of all its epochs."""
    from distributed import get_worker

    data, worker = _open(opening, expected), get_worker()
    reports: list[EpochReport] = []

    def tell(report: EpochReport) -> None:
        reports.append(report)
        worker.log_event(topic, [job.fold, *astuple(report)])

    with Scratch() as state:
        return train_member(replace(job, state=Path(state)), data, tell), reports


def _open(opening: Opening, expected: str) -> TrainingData:
    """Open the labelled fields once in each worker."""
    key = pickle.dumps(opening)
    with _opening:
        if key not in _opened:
            data = opening()
            if _digest(data) != expected:
                raise ClusterError(
                    "a worker finds other data under the same paths",
                    where=", ".join(data.chips.info.sources[:3]),
                    fix="Give paths that all machines share, and the same version of cropdetect on each.",
                )
            _opened.clear()
            _opened[key] = data
        return _opened[key]
