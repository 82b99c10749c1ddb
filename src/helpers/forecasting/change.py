"""What if demand were another: the same forecast with growth, deeper promotions, or a customer lost.

Each cell's mean is multiplied, all changes together:

    mean'_st = mean_st × (1 + g) × ratio_st × (1 − share_s)

g is the growth, ratio what the depth of promotions changes (`promotions_ahead.py`), share what the lost
customer bought of the last year's units (`customer_share.py`). Overrides are scaled alike: a planner's word
was said of the world as it is. Quantiles and sample paths are read from the distributions of the forecast
itself at the new means, whose variance is φ × mean: counts stay counts, nothing sold stays nothing sold, and
spread grows with the square root, as it does for sums (`aggregate.py`, `scenario.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.forecasting.classify import Floats
from helpers.forecasting.customer_share import customer_shares
from helpers.forecasting.demand.history import DemandCase
from helpers.forecasting.distribution.quantiles import demand_quantiles, doubt_new, interval_limits
from helpers.forecasting.planners.overrides import ADDED, apply_overrides
from helpers.forecasting.planners.overrides import COLUMNS as OVERRIDE_COLUMNS
from helpers.forecasting.prediction import Prediction
from helpers.forecasting.promotions_ahead import PromotionsAhead, read_promotions_ahead
from helpers.forecasting.result import Forecast

KEYS = ["product_id", "site_id"]
STAYS = "accuracy, review, coming changes and planned promotions are those of the forecast without it"


@dataclass(frozen=True)
class DemandChange:
    """What becomes of demand.

    Parameters
    ----------
    growth
        Relative change of all demand ahead, above −1; 0.1 = ten per cent more.
    promotion_depth
        Points of discount (0.05 = five) by which the promotions that run ahead become deeper; negative =
        shallower. A discount stays within 0 and 1.
    lost_customer
        customer_id of one who stops buying; empty for none.
    """

    growth: float = 0.0
    promotion_depth: float = 0.0
    lost_customer: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, all at once."""
        problems = []
        if not -1 < self.growth < 10:
            problems.append(f"growth: {self.growth} came. Give a share above -1 and below 10, such as 0.1.")
        if not -1 <= self.promotion_depth <= 1:
            problems.append(f"promotion_depth: {self.promotion_depth} came. Give points such as 0.05.")
        if problems:
            raise ParameterError("\n".join(problems))

    @property
    def words(self) -> str:
        """The change in words; empty where there is none."""
        points = 100 * self.promotion_depth
        unit = "point" if abs(abs(points) - 1) < 1e-9 else "points"
        sign = "+" if self.growth > 0 else "\N{MINUS SIGN}"
        said = [
            (self.growth, f"demand {sign}{abs(100 * self.growth):.3g}\N{NO-BREAK SPACE}%"),
            (points, f"promotions {abs(points):.3g} {unit} {'deeper' if points > 0 else 'shallower'}"),
            (self.lost_customer, f"customer {self.lost_customer} lost"),
        ]
        return ", ".join(text for value, text in said if value)


@dataclass(frozen=True, eq=False)
class DemandLevers:
    """What may move the demand of one forecast; each part is read from the case once, when it is needed."""

    forecast: Forecast
    case: DemandCase
    _shares: dict[str, Floats] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def promotions(self) -> PromotionsAhead:
        """The promotions that run in the weeks ahead."""
        return read_promotions_ahead(self.forecast, self.case)

    def read_shares(self, customers: list[str]) -> None:
        """Read the shares of several customers at once."""
        self._shares.update(customer_shares(self.forecast, self.case, customers))

    def share(self, customer: str) -> Floats:
        """Return a customer's share of the last year's units per series; 0 for nobody."""
        if not customer:
            return np.zeros(len(self.forecast.series))
        if customer not in self._shares:
            self.read_shares([customer])
        return self._shares[customer]

    def factor(self, change: DemandChange, slope: float | None = None) -> Floats:
        """Return what multiplies each mean, series × weeks ahead.

        `slope` stands for the estimated elasticity to depth, such as a limit of its interval.
        """
        grid = np.full((len(self.forecast.series), self.forecast.settings.horizon), 1 + change.growth)
        if change.promotion_depth:
            grid = grid * self.promotions.factor(change.promotion_depth, slope)
        return np.asarray(grid * (1 - self.share(change.lost_customer))[:, None])


def change_demand(forecast: Forecast, change: DemandChange, case: DemandCase) -> Forecast:
    """Return the forecast under a change; the same object where nothing changes.

    Forecast table, prediction (so `paths`), sums and fingerprint are those of the changed demand; history,
    accuracy and the other tables stay as they are, which a note says.

    Parameters
    ----------
    forecast
        As `forecast_demand` gave it.
    change
        Growth, depth of promotions, lost customer.
    case
        The case that the forecast was made from.

    Raises
    ------
    ParameterError
        If the orders do not name the customer, or the case is another one.

    Examples
    --------
    >>> change_demand(forecast, DemandChange(growth=0.1), case).total()     # doctest: +SKIP
    """
    factor = DemandLevers(forecast, case).factor(change)
    if (factor == 1).all():
        return forecast
    prediction = _scaled(forecast.prediction, factor)
    table = _table(forecast, prediction, factor)
    return replace(
        forecast,
        forecast=table,
        prediction=prediction,
        overridden=replace(forecast.overridden, forecast=table),
        notes=(*forecast.notes, f"What if: {change.words}; {STAYS}."),
    )


def _scaled(prediction: Prediction, factor: Floats) -> Prediction:
    """The prediction at other means; rows that nothing moves keep their numbers."""
    moved = np.flatnonzero((factor != 1).any(axis=1))
    classes = prediction.window.classes
    mean = prediction.mean * factor
    # What is doubted of a new series is its level, so the doubt grows with the level.
    spread = doubt_new(prediction.spread, mean - prediction.mean, classes)
    quantiles = prediction.quantiles.copy()
    quantiles[moved] = demand_quantiles(mean[moved], spread.rows(moved), classes[moved])
    return replace(prediction, mean=mean, quantiles=quantiles, spread=spread)


def _table(forecast: Forecast, prediction: Prediction, factor: Floats) -> pd.DataFrame:
    """The forecast table at other means; the planners' word moves limits and quantiles by its own rule."""
    old, settings = forecast.forecast, forecast.settings
    index = pd.MultiIndex.from_frame(forecast.series[KEYS])
    row = index.get_indexer(pd.MultiIndex.from_frame(old[KEYS]))
    cell = row, old["lead"].to_numpy() - 1
    low, high = interval_limits(prediction.quantiles, settings.quantiles, settings.interval)
    named = {name: prediction.quantiles[..., place] for place, name in enumerate(settings.quantile_columns)}
    grids = {"mean": prediction.mean, "low": low, "high": high, **named}
    statistical = old.assign(**{name: grid[cell] for name, grid in grids.items()}).drop(columns=ADDED)
    said = old["override"].notna().to_numpy()
    words = pd.DataFrame(
        {
            "product_id": old["product_id"],
            "site_id": old["site_id"],
            "week": old["week"],
            "author": old["override_author"],
            "quantity": old["mean"] * factor[cell],
            "reason": old["override_reason"],
            "made_on": pd.Timestamp(forecast.cutoff),
        }
    )[said]
    return apply_overrides(statistical, words[OVERRIDE_COLUMNS], forecast.cutoff).forecast[list(old)]
