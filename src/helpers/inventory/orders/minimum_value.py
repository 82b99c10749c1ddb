"""Minimum order value per supplier, site and frozen week: nothing, or at least so much.

Group γ with minimum M is open (z = 1) or closed:

    Σ value_γ,c y_c ≥ M z_γ,    y_c ≤ z_γ for every plan c that orders in γ

Items are planned without it, which keeps their bound valid. Where a group then comes to something below M,
further plans are made: with nothing ordered in γ, and with a share of its money waived, higher and higher
until M is reached, so that what is cheapest to bring forward fills the order. The cheaper of both at prices
is kept; the choice among plans may still change it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.problem import Flags, Integers
from helpers.inventory.orders.rounds import Problem, Round, plans_at, play_round, play_rounds

_FEWEST, _MOST, _ITEMS = 6, 30, 12_000  # shares of money waived that are tried: more where items are few


@dataclass(frozen=True, eq=False)
class Groups:
    """How each group stands before the choice.

    Parameters
    ----------
    is_open
        Whether it orders.
    preferred
        Round whose plan each item starts from.
    rounds
        The rounds so far, and those made for groups below their minimum.
    """

    is_open: Flags
    preferred: Integers
    rounds: list[Round]


def settle_groups(problem: Problem, prices: Floats, rounds: list[Round], preferred: Integers) -> Groups:
    """Decide which groups order, and from which plan each item starts."""
    preferred, minimum = preferred.copy(), problem.minimum.limit
    value = np.zeros(len(minimum))
    for number in np.unique(preferred).tolist():
        value += _values(rounds[number], np.flatnonzero(preferred == number))
    is_open = value >= minimum - 1e-9
    doubtful = ~is_open & (value > 1e-9)
    is_open &= value > 1e-9
    if not doubtful.any():
        return Groups(is_open, preferred, rounds)
    made = len(rounds)
    rounds = [*rounds, *_more_rounds(problem, prices, doubtful)]
    closed, *waived = range(made, len(rounds))
    members = _members(problem)
    for group in np.flatnonzero(doubtful).tolist():
        items = members[group]
        filled = [k for k in waived if _values(rounds[k], items)[group] >= minimum[group] - 1e-9]
        money = {k: _priced(rounds[k], prices, items) for k in (closed, *filled)}
        take = min(money, key=lambda k: money[k])
        preferred[items] = take
        is_open[group] = take != closed
    return Groups(is_open, preferred, rounds)


def _values(found: Round, items: Integers) -> Floats:
    return np.asarray(found.frozen_value[items].sum(axis=0)).ravel()


def _priced(found: Round, prices: Floats, items: Integers) -> float:
    return float(found.cost[items].sum() + (found.use[items] @ prices).sum())


def _more_rounds(problem: Problem, prices: Floats, doubtful: Flags) -> list[Round]:
    row_of = np.concatenate([part.row_of for part in problem.minimum.rules])
    here = (row_of >= 0) & np.append(doubtful, False)[row_of]
    base = plans_at(problem, prices)  # only what may order in a doubtful group is planned anew
    found = [play_round(problem, prices, closed=here, base=base)]
    many = int(np.clip(_ITEMS // len(problem.items), _FEWEST, _MOST))
    waived = [np.where(here, share, 0.0) for share in np.geomspace(0.01, 0.95, many).tolist()]
    return found + play_rounds(problem, [prices] * many, waived, base=base)


def _members(problem: Problem) -> list[Integers]:
    """Return the items that may order in each group."""
    row_of = np.concatenate([part.row_of for part in problem.minimum.rules])
    option, week = np.nonzero((row_of >= 0) & problem.open_weeks)
    group, item = row_of[option, week], problem.options.whole("item")[option]
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(problem.minimum) + 1))
    parts = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    return [np.unique(item[order[a:b]]) for a, b in parts]
