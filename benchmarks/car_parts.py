"""Accuracy and stock of the intermittent forecast on monthly car parts, beside IMAPA and a negative binomial.

    OMP_NUM_THREADS=1 uv run python benchmarks/car_parts.py FILE [--months 12] [--halves 5]

FILE is a CSV with a column `month` and one column per part; parts with a gap are left out. The last
months are held out. In the same run:

- IMAPA and TSB (statsforecast), the mean and all zeros as points;
- a negative binomial on a smoothed mean: simple exponential smoothing with the named alpha (the library's
  own optimum, and 0.1), variance = that mean × the in-sample variance ÷ mean, over k months k times both.

RMSSE is the mean over the parts (those that ever changed) of the root of the mean squared error ÷ the mean
squared step in-sample; WQL is 2 × the sum of pinball losses ÷ the sum of demand, mean over 0.1 to 0.9. An
all-zero forecast has a low RMSSE, so the bias stands beside it.

Stock: every three months each part is filled up to a level for the sum of the next three months, from one
origin. Cover is the share of part-quarters without a shortage; cost is 0.05 × units left + 0.95 × units
short per part-quarter, the loss that the 95 % quantile minimises. `quantile` is the 95 % quantile of each
part, which for small counts covers more; `target` is the common level at which the mean cover is 95 %.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting.counts.intermittent import forecast_intermittent

Floats = NDArray[np.float64]
LEVELS = tuple(np.round(np.arange(0.1, 0.95, 0.1), 1))
QUARTER, COVER = 3, 0.95


@dataclass(frozen=True, eq=False)
class Entry:
    """One method: its mean, quantiles (or none) and stock levels by name."""

    name: str
    mean: Floats
    quantiles: Floats | None
    stocks: dict[str, Floats]


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--halves", type=int, default=5, help="random halves of the parts")
    return parser.parse_args()


def ours(known: Floats, months: int) -> Entry:
    found = forecast_intermittent(known, months, LEVELS, season_length=12)
    stocks = {
        "quantile": found.sum_quantiles(QUARTER, (COVER,))[:, 0],
        "target": found.stock_targets(QUARTER, COVER),
    }
    return Entry("ours", found.mean, found.quantiles, stocks)


def negative_binomial(known: Floats, months: int, alpha: float | None) -> Entry:
    from scipy import stats
    from statsforecast import models

    model = (
        models.SimpleExponentialSmoothingOptimized()
        if alpha is None
        else models.SimpleExponentialSmoothing(alpha)
    )
    level = np.maximum(points(model, known, 1), 1e-9)
    dispersion = np.maximum(known.var(axis=1, ddof=1) / np.maximum(known.mean(axis=1), 1e-9), 1.001)

    def quantile(mean: Floats, probability: Any) -> Floats:
        size = mean / (dispersion[:, None] - 1)
        return np.asarray(stats.nbinom.ppf(probability, size, 1 / dispersion[:, None]))

    quantiles = np.repeat(quantile(level, np.array(LEVELS))[:, None], months, axis=1)
    name = "negative binomial, SES " + ("optimised" if alpha is None else f"{alpha}")
    stock = quantile(QUARTER * level, COVER)[:, 0]
    return Entry(name, np.repeat(level, months, axis=1), quantiles, {"quantile": stock})


def points(model: Any, known: Floats, months: int) -> Floats:
    return np.stack([model.forecast(row, months)["mean"] for row in known])


def entries(known: Floats, months: int) -> list[Entry]:
    from statsforecast import models

    start = time.perf_counter()
    found = [ours(known, months)]
    middle = time.perf_counter()
    found += [Entry("IMAPA", points(models.IMAPA(), known, months), None, {})]
    end = time.perf_counter()
    print(f"{len(known)} parts; seconds: ours {middle - start:.1f} (with imports), IMAPA {end - middle:.1f}")
    mean = np.repeat(known.mean(axis=1)[:, None], months, axis=1)
    return [
        *found,
        Entry("TSB 0.1", points(models.TSB(0.1, 0.1), known, months), None, {}),
        negative_binomial(known, months, None),
        negative_binomial(known, months, 0.1),
        Entry("own mean", mean, None, {}),
        Entry("all zeros", 0 * mean, np.zeros((*mean.shape, len(LEVELS))), {}),
    ]


def score(entry: Entry, known: Floats, actual: Floats, rows: NDArray[np.int64]) -> dict[str, object]:
    mean, real = entry.mean[rows], actual[rows]
    steps = (np.diff(known[rows], axis=1) ** 2).mean(axis=1)
    moved = steps > 0
    errors = ((mean - real)[moved] ** 2).mean(axis=1)
    line: dict[str, object] = {
        "method": entry.name,
        "RMSSE": float(np.sqrt(errors / steps[moved]).mean()),
        "bias": float((mean - real).sum() / real.sum()),
        "WQL": np.nan if entry.quantiles is None else loss(entry.quantiles[rows], real),
    }
    quarters = real.reshape(len(real), -1, QUARTER).sum(axis=2)
    for name, stock in entry.stocks.items():
        left = stock[rows][:, None] - quarters
        line[f"cover {name}"] = float((left >= 0).mean())
        line[f"cost {name}"] = float(np.maximum((COVER - 1) * -left, -COVER * left).mean())
        line[f"stock {name}"] = float(stock[rows].mean())
    return line


def loss(quantiles: Floats, actual: Floats) -> float:
    gaps, levels = actual[:, :, None] - quantiles, np.array(LEVELS)
    total = np.maximum(levels * gaps, (levels - 1) * gaps).sum(axis=(0, 1))
    return float((2 * total / actual.sum()).mean())


def main() -> None:
    arguments = read_arguments()
    table = pd.read_csv(arguments.file).drop(columns="month")
    demand = table.dropna(axis=1).to_numpy("float64").T
    known, actual = demand[:, : -arguments.months], demand[:, -arguments.months :]
    found = entries(known, arguments.months)
    everyone = np.arange(len(demand))
    lines = pd.DataFrame([score(entry, known, actual, everyone) for entry in found])
    print(lines.set_index("method").to_string(float_format="{:.4f}".format))
    print(
        "\nRandom halves, each forecast on its own: ours ÷ IMAPA (RMSSE), ours ÷ negative binomial 0.1 (WQL)"
    )
    for seed in range(arguments.halves):
        rows = np.random.default_rng(seed).choice(len(demand), len(demand) // 2, replace=False)
        half = score(ours(known[rows], arguments.months), known[rows], actual[rows], np.arange(len(rows)))
        imapa, binomial = (score(found[place], known, actual, rows) for place in (1, 4))
        ratio = {
            name: float(str(half[name])) / float(str(line[name]))
            for name, line in (("RMSSE", imapa), ("WQL", binomial), ("cost quantile", binomial))
        }
        print({name: round(value, 4) for name, value in ratio.items()}, f"cover {half['cover target']:.4f}")


if __name__ == "__main__":
    main()
