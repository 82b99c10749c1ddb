"""What a deeper or shallower discount would do to the promotions that run in the weeks ahead.

The effects that the forecast was made with (`demand/promotions.py`) have a slope over the depth, so a
depth d of promotion j that becomes d' changes, by those same effects,

    log lift'_j = max(log lift_j + β1 (d'_j − d_j), min(log lift_j, 0))
    ratio       = (1 + running (lift'_j − 1)) / (1 + running (lift_j − 1))     in its weeks
    ratio       = exp(−δ_w (log lift'_j − log lift_j))                         w weeks after its end

β1 is the elasticity to depth and δ_w the dip as a share of log lift, as estimated. A shallower discount takes
a lift away, and makes no loss of it. What is taken from substitutes has no slope over depth in the model, and
stays. The same β1 comes out of estimating anew with the other depth: promotions to come tell nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.drivers import AFTER_WEEKS, COUNTED, Ints
from helpers.forecasting.demand.drivers import COLUMNS as PROMOTION_COLUMNS
from helpers.forecasting.demand.history import DemandCase, read_history
from helpers.forecasting.demand.known import read_background
from helpers.forecasting.result import Forecast

KEYS = ["product_id", "site_id"]


@dataclass(frozen=True)
class DepthSlope:
    """How log lift grows with the depth of a discount.

    Parameters
    ----------
    value, low, high
        β1 with its 90 % limits, per unit of discount (0.1 = ten points).
    dips
        δ of 1 to 4 weeks after the end.
    rests_on
        Past promotions behind it.
    shallowest, deepest
        Discounts of these; NaN where there are none.
    """

    value: float
    low: float
    high: float
    dips: tuple[float, ...]
    rests_on: int
    shallowest: float
    deepest: float

    @property
    def is_clear(self) -> bool:
        """Whether the data tell that depth matters at all."""
        return self.rests_on > 0 and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, eq=False)
class PromotionsAhead:
    """The promotions that run within the horizon, and the cells that they and their dips move.

    Parameters
    ----------
    table
        promotion_id, product_id, discount, lift; one row per promotion ahead.
    rows, steps
        Series and week ahead of each cell.
    number
        Row of `table` of each cell.
    running
        Share of the week that it runs; 0 in the weeks after it.
    after
        Whole weeks since its end, 1 to 4; 0 while it runs.
    slope
        What depth does.
    shape
        Series, weeks ahead.
    """

    table: pd.DataFrame
    rows: Ints
    steps: Ints
    number: Ints
    running: Floats
    after: Ints
    slope: DepthSlope
    shape: tuple[int, int]

    def depths(self, points: float) -> Floats:
        """Return the discount of each promotion after a change by `points`, held within 0 and 1."""
        return np.clip(self.table["discount"].to_numpy("float64") + points, 0.0, 1.0)

    def lifts(self, points: float, slope: float | None = None) -> Floats:
        """Return the lift of each promotion after a change of depth; `slope` instead of the estimate."""
        log_lift = np.log(self.table["lift"].to_numpy("float64"))
        moved = self.depths(points) - self.table["discount"].to_numpy("float64")
        changed = log_lift + (self.slope.value if slope is None else slope) * moved
        found: Floats = np.exp(np.maximum(changed, np.minimum(log_lift, 0.0)))
        return np.where(moved == 0, self.table["lift"].to_numpy("float64"), found)

    def factor(self, points: float, slope: float | None = None) -> Floats:
        """Return what multiplies the forecast, series × weeks ahead; exactly 1 where nothing changes."""
        before, now = self.table["lift"].to_numpy("float64"), self.lifts(points, slope)
        grid = np.ones(self.shape)
        old, new = (1 + self.running * (lift[self.number] - 1) for lift in (before, now))
        dips = np.array([0.0, *self.slope.dips])[self.after]
        echo = np.exp(-dips * np.log(now / before)[self.number])
        grid[self.rows, self.steps] = np.where(self.running > 0, new / old, echo)
        return grid

    def discount_given(self, points: float) -> Floats:
        """Return the share of each cell's takings that the promotion gives away, series × weeks ahead."""
        lift = self.lifts(points)[self.number]
        promoted = self.running * lift / (1 + self.running * (lift - 1))
        grid = np.zeros(self.shape)
        grid[self.rows, self.steps] = promoted * self.depths(points)[self.number]
        return grid


def read_promotions_ahead(forecast: Forecast, case: DemandCase) -> PromotionsAhead:
    """Return the promotions that this forecast counts and that run in its weeks.

    Raises
    ------
    ParameterError
        If the forecast was not made from this case.
    """
    ahead = forecast.promotions["applied_ahead"].to_numpy(bool) if len(forecast.promotions) else np.array([])
    shape = (len(forecast.series), forecast.settings.horizon)
    slope = _slope(forecast)
    if not ahead.any():
        nothing = np.empty(0, dtype=np.int64)
        none = pd.DataFrame({"promotion_id": [], "product_id": [], "discount": [], "lift": []})
        return PromotionsAhead(none, nothing, nothing, nothing, np.empty(0), nothing, slope, shape)
    number, running, after = _cells(forecast, case)
    place = np.append(np.where(ahead, np.cumsum(ahead) - 1, -1), -1)[number]
    rows, steps = np.nonzero(place >= 0)
    return PromotionsAhead(
        table=forecast.promotions.loc[ahead, ["promotion_id", "product_id", "discount", "lift"]].reset_index(
            drop=True
        ),
        rows=rows,
        steps=steps,
        number=place[rows, steps],
        running=running[rows, steps],
        after=after[rows, steps],
        slope=slope,
        shape=shape,
    )


def _cells(forecast: Forecast, case: DemandCase) -> tuple[Ints, Floats, Ints]:
    """Promotion that runs or ended last (row of `forecast.promotions`, −1 = none), its share, weeks after."""
    status = forecast.promotions["status"].fillna("past")
    extra = forecast.promotions.loc[~status.isin(COUNTED), PROMOTION_COLUMNS]
    settings, horizon = forecast.settings, forecast.settings.horizon
    history, background = read_background(case, read_history(case, settings), settings, extra)
    drivers = background.drivers
    same = history.keys[KEYS].to_numpy().tolist() == forecast.series[KEYS].to_numpy().tolist()
    names = drivers.promotions["promotion_id"].tolist() == forecast.promotions["promotion_id"].tolist()
    if not (same and names):
        raise ParameterError(
            "promotion_depth: this forecast was not made from this case: its series or promotions are "
            "others. Give the case that forecast_demand was given."
        )
    running = drivers.running[:, -horizon:]
    after = np.where(running > 0, 0, drivers.after[:, -horizon:])
    echo = np.where(after > 0, drivers.dip_promotion[:, -horizon:], -1)
    return np.where(running > 0, drivers.promotion[:, -horizon:], echo), running, after


def _slope(forecast: Forecast) -> DepthSlope:
    effects, past = forecast.effects, forecast.promotions
    seen = past.loc[past["cells"] > 0, "discount"].astype("float64") if len(past) else pd.Series([np.nan])
    found = effects[effects["effect"] == "elasticity to depth"]
    dips = tuple(effects.loc[effects["effect"] == "dip", "value"].astype("float64"))
    low, value, high = (
        (float(found[name].iloc[0]) for name in ("low", "value", "high")) if len(found) else (0.0, 0.0, 0.0)
    )
    return DepthSlope(
        value=value,
        low=low,
        high=high,
        dips=dips or (0.0,) * AFTER_WEEKS,
        rests_on=int(seen.notna().sum()),
        shallowest=float(seen.min()),
        deepest=float(seen.max()),
    )


def is_seen(slope: DepthSlope, depths: Floats) -> NDArray[np.bool_]:
    """Return which discounts lie within those of past promotions; beyond, the slope is carried on."""
    return np.asarray((depths >= slope.shallowest - 1e-9) & (depths <= slope.deepest + 1e-9))
