"""Small models fit fastest on one thread: on busy cores, threads that wait for each other take ten times as long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Fit with one thread of each numeric library; import the model's library before."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
