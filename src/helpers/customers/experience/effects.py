"""What a let-down does to later buying, for those who met it: doubly robust, with a placebo before it.

For order days i with A = 1 (let down) or 0 (smooth), outcome Y, features X known before:

    e(X)  chance of being let down            m(X)  expected outcome of a smooth order
    ψ_i   = A (Y − m) − (1 − A) e/(1 − e) (Y − m)
    θ     = Σ ψ ÷ Σ A            mean change per let-down
    δ     = Σ ψ ÷ Σ A m          share of expected buying

(doubly robust: Robins, Rotnitzky and Zhao 1994; for the treated: Hirano, Imbens and Ridder 2003)

e is a logistic and m a Poisson (money) or logistic (orders again) regression with a ridge, each fitted on
other customers than it is used on (cross-fitting; Chernozhukov et al. 2018). Intervals allow for customers
who come more than once: the sandwich of Σ over customers of (ψ − δ A m).

The placebo is the same estimate for the days *before* the order, from features known before those. It
should be zero; where its interval leaves out zero, the let-down goes with something that was there before
it, and the effect is called confounded. Nothing here was randomised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from helpers.customers.experience.event_log import NEVER, Floats, Ints
from helpers.customers.experience.panel import SMOOTH, Panel
from helpers.customers.experience.ridge_glm import Family, RidgeModel, fit_ridge
from helpers.customers.experience.served_orders import KINDS
from helpers.customers.experience.settings import ExperienceSettings

FAMILIES: dict[str, Family] = {"money": "poisson", "orders_again": "logistic"}
MOST_WEIGHT = 0.9  # e is cut off here: no smooth order stands for more than nine let down
RIDGE = 1.0
ALL = "all"


@dataclass(frozen=True, eq=False)
class Scores:
    """ψ and A m of each row of one comparison, with whose row it is."""

    psi: Floats
    expected: Floats
    treated: NDArray[np.bool_]
    customer: Ints
    group: NDArray[np.object_]


@dataclass(frozen=True)
class Estimate:
    """Change per let-down, and as share of what was expected, each with its standard deviation."""

    events: int
    customers: int
    change: float
    change_sd: float
    relative: float
    relative_sd: float
    expected: float


def estimate_effects(panel: Panel, settings: ExperienceSettings) -> pd.DataFrame:
    """Estimate the effect of each kind of let-down on money and on ordering again.

    Parameters
    ----------
    panel
        Order days with their history.
    settings
        Days after, interval, least events, folds.

    Returns
    -------
    pandas.DataFrame
        One row per kind, outcome (money, orders_again), group (`all`, or segment and channel) and `when`
        (after, or before: the placebo): events, customers, change, change_sd, relative, relative_sd.
        Without rows where there is too little.
    """
    found: list[dict[str, object]] = []
    for when in ("after", "before"):
        rows = _rows_within(panel, settings, when)
        if rows.empty:
            continue
        features = panel.features(rows, settings.after_days if when == "before" else 0)
        outcomes = outcomes_of(panel, rows, settings.after_days, when)
        fold = _folds(rows["customer"].to_numpy(np.int64), settings)
        found += _compare_all(rows, features, outcomes, fold, settings, when)
    columns = ["kind", "outcome", "when", "group", *Estimate.__annotations__]
    return pd.DataFrame(found, columns=columns)


def _compare_all(
    rows: pd.DataFrame,
    features: Floats,
    outcomes: dict[str, Floats],
    fold: Ints,
    settings: ExperienceSettings,
    when: str,
) -> list[dict[str, object]]:
    """Estimate all kinds and outcomes of one period; what smooth orders lead to is learnt once."""
    kinds = rows["kind"].to_numpy(dtype=object)
    smooth = kinds == SMOOTH
    counts = {kind: int((kinds == kind).sum()) for kind in KINDS}
    enough = [kind for kind in KINDS if counts[kind] >= settings.least_events]
    if not enough or smooth.sum() < settings.least_events:
        return []
    expected = {
        name: crossed(features, outcome, smooth, fold, FAMILIES[name]) for name, outcome in outcomes.items()
    }
    found: list[dict[str, object]] = []
    for kind in enough:
        treated = kinds == kind
        used = treated | smooth
        chance = crossed(features[used], treated[used].astype(float), np.ones(used.sum(), bool), fold[used])
        for name, outcome in outcomes.items():
            scores = _scores(rows[used], treated[used], chance, outcome[used], expected[name][used])
            found += [
                {"kind": kind, "outcome": name, "when": when, "group": group, **vars(estimate)}
                for group, estimate in _by_group(scores)
            ]
    return found


def crossed(
    features: Floats,
    outcome: Floats,
    learns: NDArray[np.bool_],
    fold: Ints,
    family: Family = "logistic",
) -> Floats:
    """Predict each row by a model of the rows that `learns` marks in the other folds."""
    predicted = np.zeros(len(outcome))
    for part in np.unique(fold):
        inside, others = fold == part, (fold != part) & learns
        source = others if others.any() else learns
        predicted[inside] = fit_ridge(features[source], outcome[source], family, RIDGE).predict(
            features[inside]
        )
    return predicted


def fit_expected(panel: Panel, settings: ExperienceSettings) -> RidgeModel | None:
    """Fit what a smooth order leads to in money, on all customers; None where there is too little."""
    rows = _rows_within(panel, settings, "after")
    rows = rows[rows["kind"] == SMOOTH]
    if len(rows) < settings.least_events:
        return None
    money = outcomes_of(panel, rows, settings.after_days, "after")["money"]
    return fit_ridge(panel.features(rows), money, "poisson", RIDGE)


def outcomes_of(panel: Panel, rows: pd.DataFrame, days: int, when: str) -> dict[str, Floats]:
    """Return the money and whether anything was ordered in the days after, or before, each row's day."""
    customer, day = rows["customer"].to_numpy(np.int64), rows["day"].to_numpy(np.int64)
    first = day + 1 if when == "after" else day - days
    money = panel.money_between(customer, first, first + days)
    again = panel.orders.first_on_or_after(customer, first)
    has_ordered = (again != NEVER) & (again < first + days)
    return {"money": np.maximum(money, 0.0), "orders_again": has_ordered.astype(float)}


def _rows_within(panel: Panel, settings: ExperienceSettings, when: str) -> pd.DataFrame:
    """Return rows whose whole window lies in the data, with some history before it."""
    day = panel.rows["day"]
    before = 2 * settings.after_days if when == "before" else settings.after_days
    kept = (day <= panel.last_day - settings.after_days) & (day >= panel.first_day + before)
    if when == "before":  # who was no customer before the window had nothing to lose in it
        known = panel.start[panel.rows["customer"].to_numpy(np.int64)]
        kept &= known <= day - settings.after_days
    return panel.rows[kept]


def _folds(customer: Ints, settings: ExperienceSettings) -> Ints:
    """Deal customers into folds at random, the same for all rows of one."""
    dealt = np.random.default_rng(settings.seed).permutation(int(customer.max()) + 1)
    return np.asarray(dealt[customer] % settings.folds, dtype=np.int64)


def _scores(
    rows: pd.DataFrame, treated: NDArray[np.bool_], chance: Floats, outcome: Floats, expected: Floats
) -> Scores:
    e = np.minimum(chance, MOST_WEIGHT)
    gap = outcome - expected
    return Scores(
        psi=np.where(treated, gap, -e / (1 - e) * gap),
        expected=np.where(treated, expected, 0.0),
        treated=treated,
        customer=rows["customer"].to_numpy(np.int64),
        group=rows["group"].to_numpy(dtype=object),
    )


def _by_group(scores: Scores) -> list[tuple[str, Estimate]]:
    names = np.unique(scores.group[scores.treated].astype(str))
    everyone = np.ones(len(scores.psi), bool)
    parts = [(ALL, everyone), *((str(name), scores.group == name) for name in names)]
    return [(name, _estimate(scores, inside)) for name, inside in parts]


def _estimate(scores: Scores, inside: NDArray[np.bool_]) -> Estimate:
    """Return θ and δ of some rows with their sandwich standard deviations over customers."""
    psi, treated, expected = scores.psi[inside], scores.treated[inside], scores.expected[inside]
    customer = scores.customer[inside]
    change, change_sd = _ratio(psi, treated.astype(float), customer)
    relative, relative_sd = _ratio(psi, expected, customer)
    met, count = len(np.unique(customer[treated])), int(treated.sum())
    mean = float(expected.sum()) / max(count, 1)
    return Estimate(count, met, change, change_sd, relative, relative_sd, mean)


def _ratio(above: Floats, below: Floats, customer: Ints) -> tuple[float, float]:
    """Return Σ above ÷ Σ below and its standard deviation, customers being independent."""
    total = float(below.sum())
    if total <= 0:
        return float("nan"), float("nan")
    ratio = float(above.sum()) / total
    own = np.bincount(np.unique(customer, return_inverse=True)[1], weights=above - ratio * below)
    count = len(own)
    return ratio, float(np.sqrt((own**2).sum() * count / max(count - 1, 1))) / total


def z_value(level: float) -> float:
    """Return how many standard deviations an interval of this probability reaches."""
    return float(ndtri((1 + level) / 2))
