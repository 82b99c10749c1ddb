"""Coverage of the forecast on sample cases: the stated interval per week, and sums by sample paths.

    OMP_NUM_THREADS=1 uv run python benchmarks/sample_coverage.py [--seeds 1 2 3 4 5] [--paths 500]

Makes the sample case of each seed in a temporary folder and measures on its held-out window: the share
of weeks inside the 90 % interval, overall and by demand class; pinball loss beside the empirical
quantiles of each series' last 52 weeks; and the share of held-out sums below the path quantiles, with
the fitted dependence and with independent weeks. Shares of sums use the randomised transform of counts,
so that the probability itself is what should come out.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import load_case
from helpers.contract.sample import write_sample
from helpers.forecasting import ForecastSettings
from helpers.forecasting.backtest import Truth, backtest_windows
from helpers.forecasting.demand.history import History, read_history
from helpers.forecasting.demand.known import know, read_background
from helpers.forecasting.distribution.paths import Dependence, Marginals, draw_paths
from helpers.forecasting.distribution.quantiles import interval_limits
from helpers.forecasting.prediction import Prediction, predict

Floats = NDArray[np.float64]
SUMS = (1, 2, 4, 8, 13)
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--paths", type=int, default=500)
    return parser.parse_args()


def held_out(seed: int, settings: ForecastSettings) -> tuple[History, Prediction]:
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "case"
        write_sample(case, seed=seed)
        loaded = load_case(str(case))
        history, background = read_background(loaded, read_history(loaded, settings), settings)
        truth = Truth.of(know(history, background, settings))
        windows = backtest_windows(history, background, truth, settings)
    return history, predict(history, windows[:-1], windows[-1], settings)


def week_line(seed: int, history: History, found: Prediction, settings: ForecastSettings) -> dict[str, float]:
    window = found.window
    scored, actual = window.scored, window.actual
    low, high = interval_limits(found.quantiles, settings.quantiles, settings.interval)
    inside = (actual >= low) & (actual <= high)
    line = {"seed": float(seed), "all": float(inside[scored].mean())}
    for name in np.unique(window.classes):
        cells = scored & (window.classes == name)[:, None]
        if cells.any():
            line[str(name)] = float(inside[cells].mean())
    recent = history.demand[:, : window.origin][:, -52:]
    begun = np.isfinite(recent).any(axis=1)
    own = np.full((len(recent), 1, len(settings.quantiles)), np.nan)
    own[begun, 0] = np.nanquantile(recent[begun], settings.quantiles, axis=1, method="inverted_cdf").T
    mine, other = (pinball(q, actual, settings.quantiles)[scored] for q in (found.quantiles, own))
    return line | {"pinball ÷ own 52 weeks": float(np.nanmean(mine) / np.nanmean(other))}


def pinball(quantiles: Floats, actual: Floats, probabilities: tuple[float, ...]) -> Floats:
    gaps, levels = actual[:, :, None] - quantiles, np.array(probabilities)
    return np.asarray(np.maximum(levels * gaps, (levels - 1) * gaps).mean(axis=2))


def sum_lines(seed: int, found: Prediction, count: int) -> list[dict[str, object]]:
    marginals = Marginals(found.mean, found.spread, found.window.classes, found.products)
    whole = found.window.scored.all(axis=1)
    actual = found.window.actual[whole]
    codes = np.unique(found.products[whole], return_inverse=True)[1]
    groups = {"product": codes, "total": np.zeros(len(codes), dtype=np.int64)}
    lines: list[dict[str, object]] = []
    for name, dependence in (("fitted", found.dependence), ("independent", Dependence())):
        paths = draw_paths(marginals, dependence, count, seed)[whole]
        lines += [
            line_of(seed, name, f"series, {weeks:2d} weeks", paths[:, :, :weeks], actual[:, :weeks])
            for weeks in SUMS
        ]
        for what, group in groups.items():
            drawn, real = (_grouped(values, group) for values in (paths, actual))
            lines.append(line_of(seed, name, f"{what}, 13 weeks", drawn, real))
    return lines


def line_of(seed: int, name: str, what: str, paths: Floats, actual: Floats) -> dict[str, object]:
    drawn, real = paths.sum(axis=2), actual.sum(axis=1)[:, None]
    below, upto = (drawn < real - 1e-9).mean(axis=1), (drawn <= real + 1e-9).mean(axis=1)
    place = below + np.random.default_rng(0).random(len(below)) * (upto - below)
    shares = {f"{level:.2f}": float((place < level).mean()) for level in LEVELS}
    inside = float(((place > 0.05) & (place < 0.95)).mean())
    return {"seed": seed, "dependence": name, "sum of": what, **shares, "inside 90 %": inside}


def _grouped(values: Floats, codes: NDArray[np.int64]) -> Floats:
    sums = np.zeros((int(codes.max()) + 1, *values.shape[1:]))
    np.add.at(sums, codes, values)
    return sums


def main() -> None:
    arguments = read_arguments()
    settings = ForecastSettings()
    weeks, sums = [], []
    for seed in arguments.seeds:
        history, found = held_out(seed, settings)
        weeks.append(week_line(seed, history, found, settings))
        sums += sum_lines(seed, found, arguments.paths)
        print(seed, found.dependence)
    print("\nShare of weeks inside the 90 % interval")
    print(pd.DataFrame(weeks).set_index("seed").to_string(float_format="{:.3f}".format))
    print("\nShare of held-out sums below the path quantile, mean over the seeds")
    table = pd.DataFrame(sums).drop(columns="seed").groupby(["sum of", "dependence"], sort=False).mean()
    print(table.sort_index().to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
