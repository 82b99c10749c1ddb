"""What a what-if changes of a problem: fuel, vehicles, a closed site, how long orders may wait.

A problem is read without any of it, so that the end that a plan must leave (see `todays_way`) is the same
under every what-if; then the levers of the settings are applied, here and nowhere else. The problem as it was
read stays at hand (`as_read`): another what-if starts from it.

    freight of road and parcel lanes · (1 + fuel share · change of fuel)
    vehicles per week · (1 + change), whole where they were whole, halves up
    a closed site: no lane from or to it, its stock stays, what is needed there is not met
"""

from __future__ import annotations

import difflib
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.errors import ParameterError
from helpers.transport.flows.problem import (
    FlowProblem,
    Wants,
    most_moved,
    read_problem,
    slack_of,
)
from helpers.transport.flows.settings import FlowSettings
from helpers.transport.flows.todays_way import with_same_end

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
BURNS_FUEL = ("road", "parcel")


def problem_under(case: Case, settings: FlowSettings, wants: Wants | None = None) -> FlowProblem:
    """Return the problem of a case with the end of today's way, under the what-ifs of the settings.

    Raises
    ------
    ContractError, ParameterError
        As `read_problem`; a closed site that is unknown.
    """
    return under(with_same_end(read_problem(case, settings.as_planned(), wants)), settings)


def under(problem: FlowProblem, settings: FlowSettings) -> FlowProblem:
    """Return a problem under other settings: as it was read, with the levers of the settings applied.

    Parameters
    ----------
    problem
        Of `problem_under`, whatever its own levers.
    settings
        Its fuel, vehicles, closed site, weeks of waiting, carbon and limits hold; the rest has to be as in
        the problem.

    Raises
    ------
    ParameterError
        The closed site is unknown.
    """
    plain = with_slack(problem.as_read or problem, settings.dispatch_slack_weeks)
    refuse_unknown_site(plain, settings)
    if not settings.has_levers:
        return replace(plain, settings=settings)
    shut = is_shut(plain.lanes, settings)
    factor = freight_factor(plain.lanes, settings)
    prices = {name: plain.lanes[name] * factor for name in ("fixed_cost", "cost_per_kg", "cost_per_unit")}
    lanes = plain.lanes.assign(**prices, weekly_vehicles=weekly_vehicles(plain.lanes, settings))
    of_move = pd.Series(factor, index=plain.lanes["lane_id"])
    moves = plain.moves.assign(cost=plain.moves["cost"] * plain.moves["lane_id"].map(of_move))
    return replace(
        plain,
        settings=settings,
        lanes=lanes[~shut].reset_index(drop=True),
        moves=moves[~is_shut(moves, settings)].reset_index(drop=True),
        notes=(*plain.notes, *lever_notes(plain, settings)),
        as_read=plain,
    )


def freight_factor(lanes: pd.DataFrame, settings: FlowSettings) -> Floats:
    """Return what freight costs under the fuel price ÷ what it cost, per lane."""
    burns = lanes["mode"].isin(BURNS_FUEL).to_numpy()
    return np.where(burns, 1 + settings.fuel_share * settings.fuel_change, 1.0)


def weekly_vehicles(lanes: pd.DataFrame, settings: FlowSettings) -> Floats:
    """Return vehicles per week under the change of capacity, per row; infinite where there is no limit."""
    given = lanes["weekly_vehicles"].to_numpy(dtype=np.float64)
    if not settings.capacity_change:
        return given
    known = np.where(np.isfinite(given), given, 0.0)
    changed = known * (1 + settings.capacity_change)
    changed = np.where(known == np.floor(known), np.floor(changed + 0.5), changed)
    return np.where(np.isfinite(given), changed, np.inf)


def is_shut(rows: pd.DataFrame, settings: FlowSettings) -> Flags:
    """Say for each row with origin_id and destination_id whether it begins or ends at the closed site."""
    if not settings.closed_site:
        return np.zeros(len(rows), dtype=np.bool_)
    ends = rows[["origin_id", "destination_id"]] == settings.closed_site
    return ends.any(axis=1).to_numpy(dtype=np.bool_)


def with_slack(problem: FlowProblem, weeks: int, *, keep_all: bool = False) -> FlowProblem:
    """Return the problem with another number of weeks that ordered goods may wait.

    Parameters
    ----------
    problem
        As read, with the end of today's way.
    weeks
        Of waiting.
    keep_all
        Whether moves that carry nothing stay, with `most` 0.
    """
    settings = replace(problem.settings, dispatch_slack_weeks=weeks)
    if weeks == problem.settings.dispatch_slack_weeks or problem.dispatch.empty:
        return replace(problem, settings=settings)
    recent, earlier = slack_of(problem.dispatch["ready"].to_numpy(dtype=np.float64), settings)
    dispatch = problem.dispatch.assign(recent=recent, earlier=earlier)
    moves = _every_week(problem)
    moves = moves.assign(most=most_moved(moves, problem.cells, dispatch))
    moves = moves[(moves["most"] > 0) | keep_all].reset_index(drop=True)
    at_end = dispatch["week"] < settings.weeks - 1
    return replace(problem, settings=settings, moves=moves, dispatch=dispatch.assign(recent=recent * at_end))


def _every_week(problem: FlowProblem) -> pd.DataFrame:
    """Return the moves with those from docks in every week: each order may leave later than it does now."""
    moves = problem.moves
    docked = moves[moves["from_dock"]].drop_duplicates(["lane_id", "product_id"])
    docked = docked.assign(lag=docked["arrive"] - docked["week"]).drop(columns="week")
    weeks = pd.DataFrame({"week": np.arange(problem.settings.weeks)})
    docked = docked.merge(weeks, how="cross")
    docked = docked.assign(arrive=docked["week"] + docked["lag"])[moves.columns]
    parts = [part for part in (moves[~moves["from_dock"]], docked) if len(part)]
    order = ["lane_id", "product_id", "week"]
    return pd.concat(parts).sort_values(order, ignore_index=True) if parts else moves


def refuse_unknown_site(problem: FlowProblem, settings: FlowSettings) -> None:
    """Raise ParameterError where the site that is closed does not exist."""
    known = problem.sites["site_id"].astype(str).tolist()
    if not settings.closed_site or settings.closed_site in known:
        return
    close = difflib.get_close_matches(settings.closed_site, known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise ParameterError(
        f"FlowSettings: 'closed_site' is '{settings.closed_site}', which is no site.{hint} "
        f"Sites: {', '.join(known[:30])}."
    )


def lever_notes(problem: FlowProblem, settings: FlowSettings) -> tuple[str, ...]:
    """Return in words what the levers assume."""
    said = []
    if settings.fuel_change:
        said.append(
            f"Fuel is taken to be {_percent(settings.fuel_change)} than today. It is assumed to be "
            f"{100 * settings.fuel_share:.0f}\N{NO-BREAK SPACE}% of what freight by road and parcel costs; "
            "carriers may pass on more or less of it."
        )
    if settings.capacity_change:
        word = "more" if settings.capacity_change > 0 else "fewer"
        share = f"{100 * abs(settings.capacity_change):.0f}\N{NO-BREAK SPACE}%"
        said.append(f"Every lane that has a limit of vehicles per week has {share} {word}, in whole ones.")
    if settings.closed_site:
        name = problem.sites.set_index("site_id")["name"].get(settings.closed_site) or settings.closed_site
        said.append(
            f"{name} is closed in all weeks of the plan: nothing goes in or out, its stock stays, and what "
            "is needed there is not met. What is on its way there still comes."
        )
    return tuple(said)


def _percent(change: float) -> str:
    return f"{100 * abs(change):.0f}\N{NO-BREAK SPACE}% {'dearer' if change > 0 else 'cheaper'}"
