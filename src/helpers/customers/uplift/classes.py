"""Responder classes: who answers because of the message, who anyway, who never, who is put off.

Each customer i is, for all campaigns, of one class z, with share π of its cell (segment and customer
channel). In a campaign a living customer answers with

    q = c_z                          held out
    q = c_z + (t_z − c_z) · φ^k      treated, after k contacts in the year before,

beside buying what is offered anyway, at the rate λθ, and other things at the rate λ(1−θ) while the campaign
runs (s weeks) and λ after it (s′ weeks). A treated sleeping dog buys at ρλ while it runs and ρ′λ after it.
With n, n′ other buying days, λ from the grid of `rates` and P(·; m) the Poisson law of mean m,

    none = Σ_λ w(λ)·P(n; ρλ(1−θ)s)·P(n′; ρ′λs′)·e^(−ρλθs),      some = the same with 1 − e^(−ρλθs),
    L_z  = q·A + (1 − q)·B + gone·[nothing was bought],

A and B by what was seen: nothing of the offer (0, none), bought without a mark (some + none, some), and where
orders carry the campaign, answered (x, 0) or not (0, x) with x = some if the offer was also bought without a
mark, else none. π, c, t, φ and ρ are estimated together by EM (Dempster, Laird and Rubin 1977); classes come
from all campaigns of a customer at once, so their evidence adds up. Shares of thin cells lean on segment and
channel alone, and rates on those of all customers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from helpers.customers.uplift.answers import Answers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CLASSES = ("persuadable", "sure thing", "lost cause", "sleeping dog")
DOG = 3
CELL_CUSTOMERS = 20.0  # pseudo-customers with the shares expected from segment and channel alone
SHARE_CUSTOMERS = 20.0  # pseudo-customers per segment or channel with the shares of all
RATE_ANSWERS = 15.0  # pseudo-answers that hold a rate near its start
STEADY_WEEKS = 4.0  # pseudo-weeks of unchanged buying that hold ρ near 1
ROUNDS, CLOSE = 100, 1e-4
RESPONSE_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class ResponderClasses:
    """The fitted classes.

    Parameters
    ----------
    control, treated
        c and t by class, in the order of `CLASSES`; shape (4,).
    fatigue
        φ, what one more contact in the year leaves of the effect, 0 to 1.
    calm
        ρ and ρ′ of sleeping dogs, share of usual buying left while a campaign runs and after it.
    cells, shares
        Names of the cells and π, shape (cells, 4); the last row is for cells never seen.
    log_likelihood
        Of all customers, without what holds the estimates.
    customers
        Customers it was fitted on.
    """

    control: Floats
    treated: Floats
    fatigue: float
    calm: tuple[float, float]
    cells: tuple[str, ...]
    shares: Floats
    log_likelihood: float
    customers: int

    def answer_probability(self, contacts: Floats) -> tuple[Floats, Floats]:
        """Return q held out and treated of a living customer after `contacts` in the year; shapes (n, 4)."""
        dulled = self.fatigue ** contacts[:, None]
        control = np.broadcast_to(self.control, (len(contacts), len(CLASSES)))
        return control, control + (self.treated - self.control) * dulled

    def share_of(self, cells: list[str]) -> Floats:
        """Return π of each customer's cell; shape (n, 4)."""
        place = {name: number for number, name in enumerate(self.cells)}
        return np.asarray(self.shares[[place.get(cell, len(self.cells)) for cell in cells]])


def fit_classes(answers: Answers) -> ResponderClasses:
    """Fit the responder classes to past campaigns.

    Parameters
    ----------
    answers
        Rows of complete campaigns, several per customer or one.
    """
    customer, place = np.unique(answers.rows["customer_id"].to_numpy(str), return_inverse=True)
    first = np.unique(place, return_index=True)[1]
    cells, cell = np.unique(answers.rows["cell"].to_numpy(str)[first], return_inverse=True)
    model = _start(answers, tuple(cells.tolist()), len(customer))
    held, before = model, -np.inf
    for _ in range(ROUNDS):
        parts = _Parts.of(answers, model)
        log_class, norm = _log_posterior(parts, model, place, cell)
        value = float(norm.sum())
        if value - before < CLOSE * max(len(customer), 1):
            break
        before = value
        posterior = np.exp(log_class)
        shares = _smooth_shares(posterior, cell, cells)
        model = replace(model, shares=shares, log_likelihood=value)
        model = _respond(answers, parts, model, posterior[place], held)
    return model


def class_posterior(answers: Answers, model: ResponderClasses) -> tuple[NDArray[np.str_], Floats]:
    """Return customers and the probability of each class given all their campaigns; shapes (c,), (c, 4)."""
    customer, place = np.unique(answers.rows["customer_id"].to_numpy(str), return_inverse=True)
    first = np.unique(place, return_index=True)[1]
    shares = model.share_of(answers.rows["cell"].to_numpy(str)[first].tolist())
    if not len(customer):
        return customer, shares
    log_rows = np.log(np.maximum(_Parts.of(answers, model).likelihood(model), 1e-300))
    total = np.log(shares) + _sum_by(log_rows, place, len(customer))
    odds = np.exp(total - total.max(axis=1, keepdims=True))
    return customer, odds / odds.sum(axis=1, keepdims=True)


def earlier_posterior(answers: Answers, model: ResponderClasses) -> Floats:
    """Return, per row, the probability of each class given the customer's campaigns that began earlier."""
    rows = answers.rows
    log_rows = np.log(np.maximum(_Parts.of(answers, model).likelihood(model), 1e-300))
    by_start = pd.DataFrame(log_rows).groupby([rows["customer_id"], rows["start"]]).sum()
    before = by_start.groupby(level=0).cumsum() - by_start
    keys = pd.MultiIndex.from_frame(rows[["customer_id", "start"]])
    total = np.log(model.share_of(rows["cell"].tolist())) + before.reindex(keys).to_numpy(np.float64)
    odds = np.exp(total - total.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def row_log_likelihood(answers: Answers, model: ResponderClasses) -> float:
    """Return the log-likelihood of all customers."""
    _, place = np.unique(answers.rows["customer_id"].to_numpy(str), return_inverse=True)
    first = np.unique(place, return_index=True)[1]
    shares = model.share_of(answers.rows["cell"].to_numpy(str)[first].tolist())
    log_rows = np.log(np.maximum(_Parts.of(answers, model).likelihood(model), 1e-300))
    joint = np.log(shares) + _sum_by(log_rows, place, len(first))
    return float(np.logaddexp.reduce(joint, axis=1).sum())


@dataclass(frozen=True, eq=False)
class _Parts:
    """A, B and what the gone explain, per row and class; and the rates met, for ρ."""

    answered: Floats  # A
    alone: Floats  # B
    gone: Floats
    contacts: Floats
    treated: NDArray[np.bool_]

    @classmethod
    def of(cls, answers: Answers, model: ResponderClasses) -> _Parts:
        rows = answers.rows
        treated = rows["treated"].to_numpy(bool)
        calm = _bought_anyway(answers, np.ones(len(rows)), np.ones(len(rows)))
        put_off = _bought_anyway(
            answers, np.where(treated, model.calm[0], 1.0), np.where(treated, model.calm[1], 1.0)
        )
        none = np.column_stack([calm[0]] * DOG + [put_off[0]])
        some = np.column_stack([calm[1]] * DOG + [put_off[1]])
        bought = rows["bought"].to_numpy(bool)[:, None]
        told = (treated & answers.carries_mark)[:, None]
        marked = rows["answered"].to_numpy(bool)[:, None]
        seen = np.where(bought, some, none)
        answered = np.where(told, np.where(marked, seen, 0.0), np.where(bought, some + none, 0.0))
        alone = np.where(told, np.where(marked, 0.0, seen), seen)
        nothing = ~(bought[:, 0] | marked[:, 0]) & (rows["other_inside"] + rows["other_after"] == 0)
        gone = np.where(nothing, 1 - rows["alive"], 0.0)
        return cls(answered, alone, gone, rows["contacts_year"].to_numpy(float), treated)

    def likelihood(self, model: ResponderClasses) -> Floats:
        """Return L; shape (n, 4)."""
        chance = self.chance(model)
        return np.asarray(chance * self.answered + (1 - chance) * self.alone + self.gone[:, None])

    def chance(self, model: ResponderClasses) -> Floats:
        """Return q; shape (n, 4)."""
        held_out, treated = model.answer_probability(self.contacts)
        return np.where(self.treated[:, None], treated, held_out)


def _bought_anyway(answers: Answers, inside: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Return `none` and `some`, with ρ and ρ′ per row."""
    rows = answers.rows
    running = answers.rate * (inside * rows["weeks_inside"].to_numpy(float))[:, None]
    share = rows["offer_share"].to_numpy(float)[:, None]
    later = answers.rate * (after * rows["weeks_after"].to_numpy(float))[:, None]
    seen = answers.weight * _poisson(rows["other_inside"].to_numpy(float), running * (1 - share))
    seen = seen * _poisson(rows["other_after"].to_numpy(float), later)
    without = np.exp(-running * share)
    return (seen * without).sum(axis=1), (seen * (1 - without)).sum(axis=1)


def _poisson(count: Floats, mean: Floats) -> Floats:
    """Return the Poisson law, but for what depends on the count alone."""
    whole = count[:, None]
    power = np.where(whole > 0, whole * np.log(np.maximum(mean, 1e-12)), 0.0)
    peak = np.where(whole > 0, whole * np.log(np.maximum(whole, 1.0)) - whole, 0.0)
    return np.asarray(np.exp(power - mean - peak))


def _log_posterior(parts: _Parts, model: ResponderClasses, place: Ints, cell: Ints) -> tuple[Floats, Floats]:
    log_rows = np.log(np.maximum(parts.likelihood(model), 1e-300))
    joint = np.log(model.shares[cell]) + _sum_by(log_rows, place, len(cell))
    top = joint.max(axis=1, keepdims=True)
    norm = top[:, 0] + np.log(np.exp(joint - top).sum(axis=1))
    return joint - norm[:, None], norm


def _sum_by(values: Floats, place: Ints, count: int) -> Floats:
    """Add up rows by place."""
    return np.column_stack([np.bincount(place, column, minlength=count) for column in values.T])


def _start(answers: Answers, cells: tuple[str, ...], customers: int) -> ResponderClasses:
    """Start from what both arms did beyond what they would have bought anyway."""
    rows = answers.rows
    treated = rows["treated"].to_numpy(bool)
    took = (rows["bought"] | rows["answered"]).to_numpy(float)
    organic = 1 - (
        (1 - rows["alive"])
        + (
            answers.weight
            * np.exp(-answers.rate * (rows["weeks_inside"] * rows["offer_share"]).to_numpy(float)[:, None])
        ).sum(axis=1)
    ).to_numpy(float)
    alive = max(float(rows["alive"].mean()) if len(rows) else 1.0, 0.05)
    base, more = (
        float(np.clip((took - organic)[arm].mean() / alive, 0.01, 0.3)) if arm.any() else 0.05
        for arm in (~treated, treated)
    )
    high = min(3 * max(base, more), 0.8)
    control = np.array([base / 3, min(3 * base, 0.8), base / 3, min(3 * base, 0.8)])
    return ResponderClasses(
        control=control,
        treated=np.array([max(high, control[0]), control[1], control[2], control[3] / 5]),
        fatigue=0.9,
        calm=(0.6, 0.8),
        cells=cells,
        shares=np.full((len(cells) + 1, len(CLASSES)), 1 / len(CLASSES)),
        log_likelihood=-np.inf,
        customers=customers,
    )


def _smooth_shares(posterior: Floats, cell: Ints, cells: NDArray[np.str_]) -> Floats:
    """Return shares by cell, thin ones leaning on segment × channel, and these on all; last row: all."""
    count = len(cells)
    sums = _sum_by(posterior, cell, count)
    whole = (sums.sum(axis=0) + 1.0) / (sums.sum() + len(CLASSES))
    expected = np.tile(whole, (count, 1))
    names = np.array([name.split(" | ", 1) if " | " in name else (name, "") for name in cells])
    for side in range(2 if count else 0):
        group = np.unique(names[:, side], return_inverse=True)[1]
        part = _sum_by(sums, group, int(group.max()) + 1) + SHARE_CUSTOMERS * whole
        expected = expected * (part / part.sum(axis=1, keepdims=True) / whole)[group]
    expected /= expected.sum(axis=1, keepdims=True)
    mixed = sums + CELL_CUSTOMERS * expected
    return np.vstack([mixed / mixed.sum(axis=1, keepdims=True), whole])


def _respond(
    answers: Answers, parts: _Parts, model: ResponderClasses, posterior: Floats, held: ResponderClasses
) -> ResponderClasses:
    """Update c, t, φ and ρ from what each row says about each class."""
    chance = parts.chance(model)
    whole = np.maximum(parts.likelihood(model), 1e-300)
    yes = posterior * chance * parts.answered / whole
    no = posterior * (1 - chance) * parts.alone / whole
    control, treated, fatigue = _rates(parts, model, yes, no, held)
    return replace(
        model,
        control=control,
        treated=treated,
        fatigue=fatigue,
        calm=_calm(answers, model, posterior, parts, whole),
    )


def _rates(
    parts: _Parts, model: ResponderClasses, yes: Floats, no: Floats, held: ResponderClasses
) -> tuple[Floats, Floats, float]:
    """Maximise the expected log-likelihood of answers; sure things and lost causes have t = c."""
    from scipy.optimize import minimize

    steps = np.unique(parts.contacts)
    level = np.searchsorted(steps, parts.contacts)
    sums = [
        [_sum_by(part[arm], level[arm], len(steps)) for part in (yes, no)]
        for arm in (~parts.treated, parts.treated)
    ]

    def loss(x: Floats) -> float:
        control, treated, fatigue = _unpack(x)
        dulled = fatigue ** steps[:, None]
        q = np.clip(control + (treated - control) * dulled, 1e-6, 1 - 1e-6)
        base = np.clip(control, 1e-6, 1 - 1e-6)
        value = (sums[0][0] * np.log(base) + sums[0][1] * np.log(1 - base)).sum()
        value += (sums[1][0] * np.log(q) + sums[1][1] * np.log(1 - q)).sum()
        for now, start in ((control, held.control), (treated, held.treated)):
            inner = np.clip(now, 1e-6, 1 - 1e-6)
            value += RATE_ANSWERS * (start * np.log(inner) + (1 - start) * np.log(1 - inner)).sum()
        value += 2 * np.log(fatigue) + 0.5 * np.log(max(1 - fatigue, 1e-3))
        return -float(value)

    start = _pack(model)
    bounds = [(0.001, 0.9), (0.0, 0.9), (0.001, 0.9), (0.0, 1.0), (0.3, 0.999)]
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": RESPONSE_ROUNDS * 5})
    return _unpack(found.x)


def _pack(model: ResponderClasses) -> Floats:
    """What the unmoved answer, what treatment adds, what regulars answer, what put-off ones keep, and φ."""
    c, t = model.control, model.treated
    return np.array([c[0], t[0] - c[0], c[1], t[DOG] / max(c[DOG], 1e-6), model.fatigue])


def _unpack(x: Floats) -> tuple[Floats, Floats, float]:
    control = np.array([x[0], x[2], x[0], x[2]])
    treated = np.array([min(x[0] + x[1], 0.95), x[2], x[0], x[2] * x[3]])
    return control, treated, float(x[4])


def _calm(
    answers: Answers, model: ResponderClasses, posterior: Floats, parts: _Parts, whole: Floats
) -> tuple[float, float]:
    """Return ρ and ρ′: other buying days of treated sleeping dogs ÷ those expected."""
    rows = answers.rows
    dog = np.where(parts.treated, posterior[:, DOG] * (1 - parts.gone / whole[:, DOG]), 0.0)
    running = answers.rate * rows["weeks_inside"].to_numpy(float)[:, None]
    running = running * (1 - rows["offer_share"].to_numpy(float)[:, None])
    later = answers.rate * rows["weeks_after"].to_numpy(float)[:, None]
    seen = [rows[name].to_numpy(float) for name in ("other_inside", "other_after")]
    joint = (
        answers.weight * _poisson(seen[0], model.calm[0] * running) * _poisson(seen[1], model.calm[1] * later)
    )
    joint /= np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
    ratios = []
    for days, mean in zip(seen, (running, later), strict=True):
        expected = float((dog * (joint * mean).sum(axis=1)).sum())
        ratios.append((float((dog * days).sum()) + STEADY_WEEKS) / (expected + STEADY_WEEKS))
    return min(ratios[0], 1.0), min(ratios[1], 1.0)
