"""What reconciling the levels gains over bottom-up, and what it takes.

    uv run python benchmarks/reconciliation.py CASE [CASE ...] [--horizon 13] [--windows 4]
    uv run python benchmarks/reconciliation.py --speed 10000

The product × site forecasts are the median ensemble, those of the nodes their own. Errors of the
earlier windows give the weights of the next, so no rule sees the window it is judged on; the first
window is not scored. A gain is the bottom-up WAPE less the rule's, over all cases and windows, with
its 90 % bootstrap interval over nodes and windows.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from helpers.contract import load_case
from helpers.forecasting.backtest import Truth, Window, backtest_windows
from helpers.forecasting.demand.history import History, read_history
from helpers.forecasting.demand.known import know, read_background
from helpers.forecasting.hierarchy import (
    GROUP_METHODS,
    MOST_DENSE,
    RULES,
    Hierarchy,
    NodeErrors,
    build_hierarchy,
    forecast_groups,
    node_errors,
    reconcile,
)
from helpers.forecasting.methods import ENSEMBLE, run_methods
from helpers.forecasting.settings import ForecastSettings

METHODS = ("seasonal_naive", "ets", "window_13", "window_26", "tsb", "imapa", "product_share")
SEED = 0


def judge_window(
    history: History, window: Window, earlier: list[NodeErrors], case: str
) -> tuple[pd.DataFrame, NodeErrors]:
    """Return one row per rule and node: its errors in this window; and the errors for the next ones."""
    bottom, upper = window.forecasts[ENSEMBLE], window.upper
    hierarchy = build_hierarchy(history.keys)
    assert upper is not None, "the settings ask for reconciliation"
    parts = []
    for rule in RULES if earlier else ():
        if rule == "mint_shrink" and hierarchy.nodes + len(bottom) > MOST_DENSE:
            continue
        found = reconcile(hierarchy, np.nan_to_num(bottom), upper, rule=rule, windows=earlier)
        mean = np.where(np.isfinite(bottom), found.bottom, np.nan)
        parts.append(_node_rows(hierarchy, window.actual, mean).assign(case=case, rule=rule))
    rows = pd.concat(parts) if parts else pd.DataFrame()
    return rows, node_errors(hierarchy, window.actual, bottom, upper)


def _node_rows(hierarchy: Hierarchy, actual: np.ndarray, mean: np.ndarray) -> pd.DataFrame:
    """One row per node with what was scored of it."""
    scored = np.isfinite(actual) & np.isfinite(mean)
    sums = hierarchy.members @ np.where(scored, mean, 0.0)
    errors = node_errors(hierarchy, actual, mean, sums).error
    units = np.concatenate([hierarchy.members @ np.where(scored, actual, 0.0), np.where(scored, actual, 0.0)])
    return pd.DataFrame(
        {
            "level": hierarchy.all_levels,
            "node": np.arange(len(errors)),
            "absolute": np.nansum(np.abs(errors), axis=1),
            "squares": np.nansum(errors**2, axis=1),
            "count": np.isfinite(errors).sum(axis=1),
            "units": units.sum(axis=1),
        }
    )


def gain_table(rows: pd.DataFrame, resamples: int = 1000) -> pd.DataFrame:
    """Return WAPE, RMSE and the gain over bottom-up per level and rule."""
    base = rows[rows["rule"] == "bottom_up"]
    pairs = rows.merge(base, on=["case", "level", "node"], suffixes=("", "_base"))
    found = []
    for (level, rule), part in pairs.groupby(["level", "rule"]):
        rng = np.random.default_rng(SEED)
        weights = rng.multinomial(len(part), np.full(len(part), 1 / len(part)), size=resamples)
        gains = (part["absolute_base"] - part["absolute"]).to_numpy()
        units = part["units"].to_numpy()
        drawn = weights @ np.column_stack([gains, units])
        low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.05, 0.95))
        found.append(
            {
                "level": level,
                "rule": rule,
                "wape": part["absolute"].sum() / units.sum(),
                "rmse": float(np.sqrt(part["squares"].sum() / part["count"].sum())),
                "gain": gains.sum() / units.sum(),
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(found)


def measure_cases(arguments: argparse.Namespace) -> None:
    settings = ForecastSettings(
        horizon=arguments.horizon,
        windows=arguments.windows,
        most_series=arguments.series,
        methods=METHODS,
        reconciliation="wls_var",
    )
    tables = []
    for source in arguments.cases:
        case = load_case(source)
        history, background = read_background(case, read_history(case, settings), settings)
        earlier: list[NodeErrors] = []
        truth = Truth.of(know(history, background, settings))
        for window in backtest_windows(history, background, truth, settings):
            rows, errors = judge_window(history, window, earlier, f"{source} {window.origin}")
            earlier.append(errors)
            tables.append(rows)
    print(gain_table(pd.concat(tables)).to_string(index=False, float_format="{:.4f}".format))


def measure_speed(series: int, horizon: int = 13, weeks: int = 156) -> None:
    """Print the seconds of each part on made-up series: 8 sites, 20 products in a category."""
    rng = np.random.default_rng(SEED)
    number = np.arange(series)
    keys = pd.DataFrame({"product_id": number // 8, "category": number // 160, "site_id": number % 8})
    demand = rng.negative_binomial(2, 2 / (2 + rng.lognormal(1.5, 1, (series, 1))), (series, weeks)).astype(
        float
    )
    begin = time.perf_counter()
    hierarchy = build_hierarchy(keys)
    print(f"{series:,} series, {hierarchy.nodes:,} nodes: built in {time.perf_counter() - begin:.2f} s")
    shape, on_sale = np.ones((series, weeks + horizon)), np.ones(series, dtype=bool)
    run_methods(demand[:2], GROUP_METHODS, horizon, 1)  # imports the library, once
    begin = time.perf_counter()
    upper = forecast_groups(hierarchy, demand, shape, on_sale, horizon)
    print(f"the nodes' own forecasts {time.perf_counter() - begin:.2f} s")
    bottom = demand[:, -26:].mean(axis=1, keepdims=True) * np.ones((1, horizon))
    errors = [node_errors(hierarchy, demand[:, -horizon:], bottom, upper)]
    reconcile(hierarchy, bottom, upper, rule="wls_struct")  # the library is imported here, once
    for rule in RULES[:3] if len(bottom) + hierarchy.nodes > MOST_DENSE else RULES:
        begin = time.perf_counter()
        reconcile(hierarchy, bottom, upper, rule=rule, windows=errors)
        print(f"{rule} {time.perf_counter() - begin:.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--horizon", type=int, default=13)
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--speed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.speed:
        measure_speed(arguments.speed)
    if arguments.cases:
        measure_cases(arguments)


if __name__ == "__main__":
    main()
