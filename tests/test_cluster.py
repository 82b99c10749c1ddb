"""Work in parts gives the same answer wherever it is done."""

from __future__ import annotations

import builtins
import time
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.cluster import check_cluster, cluster_address, map_chunks
from helpers.errors import MissingExtraError, ParameterError, PlanbookError
from helpers.forecasting import forecast_series
from helpers.forecasting.methods import run_methods


def test_results_keep_the_order_of_the_parts() -> None:
    double = partial(np.multiply, 2)
    assert map_chunks(double, [3, 1, 2]) == [6, 2, 4]
    assert map_chunks(double, [3, 1, 2], n_jobs=2) == [6, 2, 4]
    assert map_chunks(double, []) == []


@pytest.mark.cluster
def test_cluster_gives_exactly_equal_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.forecasting.series.door.CHUNK", 8)  # several parts from few series
    import distributed

    rng = np.random.default_rng(0)
    history = pd.DataFrame(
        {
            "series_id": np.repeat([f"S{i:03}" for i in range(30)], 20),
            "period": np.tile(np.arange(20), 30),
            "demand": rng.gamma(9, 5, 600),
        }
    )
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as local,
        distributed.Client(local) as client,
    ):
        found = forecast_series(history, 4, 4, cluster=client)
        again = forecast_series(history, 4, 4, cluster=local.scheduler_address)
    here = forecast_series(history, 4, 4)
    pd.testing.assert_frame_equal(found, here, check_exact=True)
    pd.testing.assert_frame_equal(again, here, check_exact=True)


@pytest.mark.cluster
def test_address_where_nobody_answers_is_said_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.cluster.CONNECT_SECONDS", 1)
    begin = time.perf_counter()
    with pytest.raises(ParameterError, match="no Dask scheduler answers at 'tcp://127.0.0.1:1'"):
        map_chunks(abs, [1, 2], cluster="tcp://127.0.0.1:1")
    assert time.perf_counter() - begin < 10


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "distributed":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match="--extra cluster"):
        map_chunks(abs, [1, 2], cluster="tcp://127.0.0.1:1")


class _LosingClient:
    """A client whose workers die."""

    def map(self, function: Any, *iterables: Any, pure: bool, retries: int) -> list[Any]:
        return [function, iterables, pure, retries]

    def gather(self, futures: Any) -> list[Any]:
        from distributed import CancelledError

        raise CancelledError(str(len(futures)))


@pytest.mark.cluster
def test_parts_lost_with_their_workers_are_said() -> None:
    with pytest.raises(PlanbookError, match="lost with their workers"):
        map_chunks(abs, [1, 2], cluster=_LosingClient())


@pytest.mark.cluster
def test_address_of_the_run_is_used_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """`planbook run --cluster` hands the address to its pages in the environment."""
    monkeypatch.delenv("PLANBOOK_CLUSTER", raising=False)
    assert cluster_address() is None
    demand = np.random.default_rng(0).poisson(5, (600, 30)).astype("float64")
    here = run_methods(demand, ("tsb", "window_13"), 4, 1)
    import distributed

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as local:
        monkeypatch.setenv("PLANBOOK_CLUSTER", local.scheduler_address)
        assert cluster_address() == local.scheduler_address
        assert check_cluster(local.scheduler_address) == 2
        there = run_methods(demand, ("tsb", "window_13"), 4, 1)
    assert all(np.array_equal(here[name], there[name]) for name in here)


@pytest.mark.cluster
def test_scheduler_without_workers_is_told() -> None:
    import distributed

    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as local,
        pytest.raises(ParameterError, match="has no worker"),
    ):
        check_cluster(local.scheduler_address)
