"""Small models fit fastest on one thread: on busy cores, threads that wait for each other cost most."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Fit with one thread of each numeric library; as decorator or context."""
    import sklearn.ensemble  # noqa: F401 - only libraries that are loaded already are limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
