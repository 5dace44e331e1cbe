"""An existing Dask cluster: how it is reached, and what went wrong with it in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cropdetect.errors import ClusterError, MissingExtraError

if TYPE_CHECKING:
    from distributed import Future

_RETRIES = 2  # of a task that failed; one whose worker died is tried again anyway
_SECONDS = 10.0  # to reach the scheduler


class DaskCluster:
    """A connection to the scheduler of a cluster.

    Args:
        address: of the scheduler, e.g. "tcp://10.0.0.1:8786".

    Attributes:
        client: of the scheduler.
        n_threads: of all workers.

    Raises:
        MissingExtraError: Dask's `distributed` is not installed.
        ClusterError: no scheduler answers, or it has no workers.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise MissingExtraError("--scheduler needs Dask", fix="Run: pip install 'cropdetect[distributed]'") from error
        self._address = address
        try:
            self.client: Client = Client(address, timeout=_SECONDS, set_as_default=False, name="cropdetect")
        except (OSError, ValueError, TimeoutError) as error:
            fix = "Check the address and that the scheduler runs (dask scheduler)."
            raise ClusterError(f"no Dask scheduler answers: {error}", where=address, fix=fix) from error
        self.n_threads = sum(one["nthreads"] for one in self.client.scheduler_info(n_workers=-1)["workers"].values())
        if not self.n_threads:
            self.close()
            raise ClusterError("the cluster has no workers", where=address, fix=f"Start some: dask worker {address}")

    @staticmethod
    @contextmanager
    def at(address: str | None) -> "Iterator[DaskCluster | None]":
        """Give the cluster at an address, or None where there is no address.

        Raises:
            MissingExtraError, ClusterError: as `DaskCluster`.
        """
        if address is None:
            yield None
            return
        cluster = DaskCluster(address)
        try:
            yield cluster
        finally:
            cluster.close()

    def close(self) -> None:
        """Leave the cluster, whose workers stay."""
        self.client.close()

    def submit(self, function: Any, *arguments: Any) -> "Future[Any]":
        """Begin a task, which is tried again where a worker fails or dies."""
        return self.client.submit(function, *arguments, retries=_RETRIES, pure=False)

    def named(self, error: Exception) -> Exception:
        """Return an error of the cluster in words; the errors of the work itself stay as they are."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError

        again = "Run the same command again: it continues from the saved state."
        if isinstance(error, KilledWorker):
            what = f"the workers died several times at the same task: {error}"
        elif isinstance(error, CommClosedError | FutureCancelledError | TimeoutError) or _has_no_number(error):
            what = f"the Dask scheduler has stopped ({type(error).__name__})"
        else:
            return error
        return ClusterError(what, where=self._address, fix=again)


def _has_no_number(error: Exception) -> bool:
    """Tell whether Dask raised an error where it reached nobody; the operating system's errors have numbers."""
    return type(error) is OSError and error.errno is None
