"""False alarms of the tracking signal on series in control, and what it finds when the level moves.

    uv run python benchmarks/tracking_signal.py [--series 4000] [--seed 0]

Stationary negative binomial counts of several sizes and dispersions, forecast by the mean of the last
26 weeks from two origins 13 weeks apart; the signal looks at those 26 weeks. A shift changes the level at
the first origin, for all weeks after it.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from helpers.forecasting.watch import LIMIT, tracking_signals

LEARN, KNOWN, HORIZON, WINDOWS = 26, 104, 13, 2
MONDAY = np.datetime64("2026-01-05", "ns")


def simulate(
    series: int, mean: float, dispersion: float, shift: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Back-test rows and history of `series` counts with variance ÷ mean `dispersion`."""
    rng = np.random.default_rng(seed)
    level = np.full(KNOWN + HORIZON * WINDOWS, mean)
    level[KNOWN:] *= shift
    size = level / (dispersion - 1)
    demand = rng.negative_binomial(size, 1 / dispersion, size=(series, len(level))).astype("float64")
    parts = []
    for window in range(WINDOWS):
        origin = KNOWN + window * HORIZON
        weeks = origin + np.arange(HORIZON)
        forecast = demand[:, origin - LEARN : origin].mean(axis=1)
        parts.append(
            pd.DataFrame(
                {
                    "origin": origin,
                    "product_id": np.repeat(np.arange(series), HORIZON),
                    "site_id": "A",
                    "week": np.tile(MONDAY + (7 * weeks).astype("timedelta64[D]"), series),
                    "actual": demand[:, weeks].ravel(),
                    "mean": np.repeat(forecast, HORIZON),
                }
            )
        )
    history = pd.DataFrame(
        {"product_id": np.repeat(np.arange(series), len(level)), "site_id": "A", "demand": demand.ravel()}
    )
    return pd.concat(parts, ignore_index=True), history


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows = []
    for mean in (0.5, 2.0, 20.0):
        for dispersion in (1.2, 3.0, 8.0):
            rates = {"units a week": mean, "variance / mean": dispersion}
            for shift in (1.0, 0.5, 0.7, 1.3, 1.5, 2.0):
                tables = simulate(arguments.series, mean, dispersion, shift, arguments.seed)
                signal = tracking_signals(*tables)["signal"].abs()
                rates[f"level × {shift}"] = float((signal > LIMIT).mean())
                if shift == 1.0:
                    rates |= {f"limit {limit}": float((signal > limit).mean()) for limit in (3.0, 4.0)}
            rows.append(rates)
    print(f"Share of series with an alarm, limit {LIMIT}")
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
