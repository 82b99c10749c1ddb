"""Last-mile routes from a reseller's own tables: `plan_last_mile`.

Open lines that are brought and in stock get a day within the customers' slack (`days`); per site and day,
vehicles serve the drops for which a tour is cheaper than a parcel (`tours`); the rest goes by parcel:

    minimise   Σ_tours ( fixed + km · cost per km + hours · cost per hour ) + Σ parcels of the other drops

Each site delivers from its own stock, so each site and day is a search of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.transport.last_mile.days import choose_days
from helpers.transport.last_mile.drops import gather_drops, locate_lines
from helpers.transport.last_mile.lanes import read_lanes
from helpers.transport.last_mile.lines import READY, count_of, read_open_lines
from helpers.transport.last_mile.result import (
    BESIDE,
    DAYS,
    PARCELS,
    ROUTES,
    STOPS,
    TOURS,
    LastMilePlan,
)
from helpers.transport.last_mile.settings import LastMileSettings
from helpers.transport.last_mile.tables import dates_of, gather_tables, lines_that_wait, put_beside
from helpers.transport.last_mile.tours import SiteDay, plan_site_day
from helpers.transport.last_mile.windows import Days, set_windows, working_days

_LEAST_SECONDS = 0.2  # for a search, so that every site and day has some


def plan_last_mile(case: Case, settings: LastMileSettings | None = None) -> LastMilePlan:
    """Plan the deliveries of the next working days.

    Parameters
    ----------
    case
        With orders, customers with zones, lanes from sites to zones; stock, shipments, calendar and
        emission_factors where they are there.
    settings
        Days, costs and speeds of vehicles, search.

    Returns
    -------
    LastMilePlan
        Tables, a sentence, notes; without rows and with the reason where nothing can be delivered.

    Notes
    -----
    Where the time limit ends no search (`is_cut`), two runs give the same plan.
    """
    begun = time.perf_counter()
    settings = settings or LastMileSettings()
    days = working_days(case, settings.days)
    week = working_days(case, 7)
    week_days = int(np.sum(week <= np.datetime64(case.as_of, "D") + np.timedelta64(7, "D")))
    lanes, on_lanes = read_lanes(case, settings, week_days)
    lines, on_lines = read_open_lines(case, settings.history_days)
    lines, on_places = locate_lines(lines, lanes)
    lines = _with_windows(lines, days, settings)
    ready = lines[lines["state"] == READY]
    notes = (*on_lines, *on_lanes, *on_places)
    if ready.empty:
        return _empty_plan(lines, _why_empty(lines, lanes, days), settings, notes, begun)
    choice = choose_days(ready, lanes, settings)
    drops = gather_drops(choice.lines, lanes, days, settings)
    done = list(_plan_site_days(drops, lanes, settings, begun))
    lines = lines.assign(day=choice.lines["day"])
    is_cut = any(one.search.stopped_by == "time limit" for one in done) or not choice.is_proven
    tables = gather_tables(done, lanes, lines, days)
    return LastMilePlan(
        stops=tables.stops,
        routes=tables.routes,
        tours=tables.tours,
        parcels=tables.parcels,
        waiting=tables.waiting,
        days=choice.days.assign(day=dates_of(days, choice.days["day"])),
        beside=put_beside(drops, tables),
        lines=lines.assign(day=dates_of(days, lines["day"])),
        searches=tuple(one.search for one in done),
        choice=None if choice.solution is None else choice.solution.verdict,
        settings=settings,
        seconds=time.perf_counter() - begun,
        is_cut=is_cut,
        notes=(*notes, *_notes_on_plan(tables.parcels, settings, is_cut=is_cut)),
    )


def _with_windows(lines: pd.DataFrame, days: Days, settings: LastMileSettings) -> pd.DataFrame:
    if not len(days):
        return lines.assign(state=lines["state"].replace(READY, "later"), first=0, last=0, wanted=0)
    lines = set_windows(lines, days, settings.early_days)
    later = (lines["state"] == READY) & (lines["first"] >= len(days))
    words = f"It may come only after the next {count_of(len(days), 'working day')}."
    return lines.assign(state=lines["state"].mask(later, "later"), reason=lines["reason"].mask(later, words))


def _why_empty(lines: pd.DataFrame, lanes: pd.DataFrame, days: Days) -> str:
    if lines.empty:
        return "There is nothing to deliver: no order line is open."
    start = f"There is nothing to deliver: of {count_of(len(lines), 'open line')},"
    if lines["zone_id"].isna().all():
        return f"{start} none belongs to a customer with a delivery zone."
    if lanes.empty:
        return "There is nothing to deliver: no lane leads from a site to a delivery zone."
    if not len(days):
        return "There is nothing to deliver: the calendar has no working day ahead."
    words = {
        "fetched": "are for customers who fetch",
        "no zone": "are for customers without a zone",
        "no stock": "wait for stock",
        "no lane": "have no lane to their zone",
        "no place": "have no coordinates",
        "later": "may come only later",
    }
    counts = lines["state"].value_counts()
    return (
        f"{start} " + ", ".join(f"{counts[one]} {said}" for one, said in words.items() if one in counts) + "."
    )


def _plan_site_days(
    drops: pd.DataFrame, lanes: pd.DataFrame, settings: LastMileSettings, begun: float
) -> Iterator[SiteDay]:
    groups = list(drops.groupby(["day", "site_id"]))
    for number, ((_, site), some) in enumerate(groups):
        left = (settings.time_limit - (time.perf_counter() - begun)) / (len(groups) - number)
        ways = lanes[(lanes["site_id"] == site)].reset_index(drop=True)
        yield plan_site_day(some.reset_index(drop=True), ways, settings, max(left, _LEAST_SECONDS))


def _notes_on_plan(parcels: pd.DataFrame, settings: LastMileSettings, *, is_cut: bool) -> tuple[str, ...]:
    late = int((parcels["arrives"] > parcels["last_day"]).sum())
    notes = [
        "What vehicles cost and how fast they are is assumed, not recorded: "
        f"{settings.cost_per_route:g} a tour, {settings.cost_per_km:g} per km, {settings.cost_per_hour:g} "
        f"per hour, {settings.speed_kmh:g} km/h, {settings.minutes_per_stop:g} minutes per stop. Their "
        "carbon per km is the factor of their class at a mean load of "
        f"{settings.mean_load_share:.0%} of the payload.",
        f"A parcel arrives its lane's transit later: {late:,} of {count_of(len(parcels), 'parcel')} after "
        "the last day within the customer's slack.",
    ]
    if is_cut:
        notes.append("The time limit ended a search: another run may give another plan.")
    return tuple(notes)


def _empty_plan(
    lines: pd.DataFrame, why: str, settings: LastMileSettings, notes: tuple[str, ...], begun: float
) -> LastMilePlan:
    ways = ("all by parcel", "this plan", "its vehicles", "its parcels")
    return LastMilePlan(
        stops=pd.DataFrame(columns=list(STOPS)),
        routes=pd.DataFrame(columns=list(ROUTES)),
        tours=pd.DataFrame(columns=list(TOURS)),
        parcels=pd.DataFrame(columns=list(PARCELS)),
        waiting=lines_that_wait(lines),
        days=pd.DataFrame(columns=list(DAYS)),
        beside=pd.DataFrame([(way, 0.0, 0.0, 0, 0.0) for way in ways], columns=list(BESIDE)),
        lines=lines.assign(day=np.datetime64("NaT", "ns")),
        searches=(),
        choice=None,
        settings=settings,
        seconds=time.perf_counter() - begun,
        is_cut=False,
        notes=notes,
        empty_because=why,
    )
