"""One door to run work in parts: here, in several processes, or on a Dask cluster.

Each part stands alone and the results come back in the order of the parts, so that the answer
does not depend on where or in how many processes it was computed. The address of the cluster
is given, or stands in the environment variable `PLANBOOK_CLUSTER`: that is how a run hands it to
its pages (`planbook run --cluster`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, cast

from helpers.errors import MissingExtraError, ParameterError, PlanbookError

CLUSTER_VARIABLE: Final = "PLANBOOK_CLUSTER"
CONNECT_SECONDS = 10
RETRIES = 3


class Client(Protocol):
    """What is used of a `distributed.Client`."""

    def map(self, function: Any, *iterables: Any, pure: bool, retries: int) -> list[Any]:
        """Start the work."""

    def gather(self, futures: Any) -> list[Any]:
        """Wait for the results, in order."""


def map_chunks[Part, Found](
    function: Callable[[Part], Found],
    chunks: Sequence[Part],
    n_jobs: int = 1,
    cluster: str | Client | None = None,
) -> list[Found]:
    """Return `function(chunk)` of every chunk, in order.

    Parameters
    ----------
    function
        A function of a module (or a `functools.partial` of one), so that it can be sent.
    chunks
        Parts of the work.
    n_jobs
        Processes on this machine; not used with a cluster.
    cluster
        Address of a Dask scheduler (`tcp://host:8786`) or a `distributed.Client`. A part whose
        worker is lost is tried again, three times.

    Raises
    ------
    ParameterError
        If no scheduler answers at the address.
    MissingExtraError
        If the extra `cluster` is not installed.
    PlanbookError
        If parts were lost with their workers too often.
    """
    if cluster is not None and not isinstance(cluster, str):
        return _gather(function, chunks, cluster)
    if cluster:
        with _connect(cluster) as client:
            return _gather(function, chunks, cast("Client", client))
    if n_jobs == 1 or len(chunks) < 2:
        return [function(chunk) for chunk in chunks]
    import joblib

    work = (joblib.delayed(function)(chunk) for chunk in chunks)
    return list(joblib.Parallel(n_jobs=n_jobs)(work))


def cluster_address() -> str | None:
    """Return the address that the run was given; nothing where the work is to be done here."""
    return os.environ.get(CLUSTER_VARIABLE) or None


def check_cluster(address: str) -> int:
    """Return the number of workers at the address.

    Raises
    ------
    ParameterError
        If no scheduler answers there, or it has no workers.
    MissingExtraError
        If the extra `cluster` is not installed.
    """
    with _connect(address) as client:
        workers = len(client.scheduler_info()["workers"])
    if not workers:
        raise ParameterError(
            f"cluster: the scheduler at {address!r} has no workers. Start some: dask worker."
        )
    return workers


def _connect(address: str) -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingExtraError(
            f"cluster: {address!r} needs the extra 'cluster'. Install it: uv sync --extra cluster "
            "(or pip install 'planbook[cluster]')."
        ) from error
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ParameterError(
            f"cluster: no Dask scheduler answers at {address!r} ({type(error).__name__}). "
            "Start one with 'dask scheduler', or give the address that it printed."
        ) from error


def _gather[Part, Found](
    function: Callable[[Part], Found], chunks: Sequence[Part], client: Client
) -> list[Found]:
    from distributed import CancelledError, KilledWorker

    try:
        return list(client.gather(client.map(function, chunks, pure=False, retries=RETRIES)))
    except (KilledWorker, CancelledError, OSError) as error:
        raise PlanbookError(
            f"cluster: parts of the work were lost with their workers ({type(error).__name__}). "
            "Give the workers more memory or run without the cluster."
        ) from error
    except ModuleNotFoundError as error:
        raise PlanbookError(
            f"cluster: a worker has no package {error.name!r}. Install planbook on every worker."
        ) from error
