"""Agents per day for the service that customers are to have.

    calls per hour in the busiest hour = (cases + outbound calls) / open hours · peak factor
    handling = mean over cases and calls, weighted by their numbers

Outbound calls are spread evenly over their days and hold an agent like a call that comes in; a manager who
places them in quiet hours needs no more than this. Visits are made by others: minutes ÷ (open hours ·
occupancy). Cases of a closed day wait for the next open one.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.customers.staffing.cases import CaseForecast, Floats, forecast_cases
from helpers.customers.staffing.erlang import AgentsNeeded, agents_needed, erlang_c
from helpers.customers.staffing.settings import StaffingSettings
from helpers.errors import ParameterError

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Staffing:
    """Agents needed per day.

    Parameters
    ----------
    days
        One row per open day: date, one column per kind of case (expected, with what closed days before left),
        cases, cases_low, cases_high, outbound_calls, visits, calls_per_hour (busiest hour),
        handling_minutes, agents (present), rostered, service, wait_seconds, occupancy, service_one_fewer,
        wait_one_fewer (seconds, inf where the queue grows), agents_busy (present on a busy day, at
        cases_high), service_busy (with `agents` on such a day), field_staff (for visits).
    forecasts
        The forecast behind each kind of case.
    settings, until, notes
        As given; last day that was read; what was assumed.
    """

    days: pd.DataFrame
    forecasts: Mapping[str, CaseForecast]
    settings: StaffingSettings
    until: dt.date
    notes: tuple[str, ...]

    @property
    def peak(self) -> int:
        """Most agents present on any day."""
        return int(self.days["agents"].max()) if len(self.days) else 0

    @property
    def gain(self) -> float:
        """Share of the naive mean's error that the forecasts save together; NaN without a test."""
        tested = [found for found in self.forecasts.values() if math.isfinite(found.naive_error)]
        naive = math.sqrt(sum(found.naive_error**2 for found in tested))
        return 1 - math.sqrt(sum(found.error**2 for found in tested)) / naive if naive > 0 else math.nan


def plan_staffing(
    case: Case,
    settings: StaffingSettings | None = None,
    planned_calls: pd.DataFrame | None = None,
    until: dt.date | None = None,
) -> Staffing:
    """Plan agents per day for the days after `until`.

    Parameters
    ----------
    case
        Uses service_cases and calendar where they are.
    settings
        Service target and what the data do not say; by default those of `StaffingSettings`.
    planned_calls
        Outbound work of campaigns: date, contacts and, where visits are among them, channel (phone, visit).
    until
        Last day that is read; by default the last day of the data.

    Raises
    ------
    ParameterError
        `planned_calls` without its columns, or with negative contacts.
    """
    settings, last = settings or StaffingSettings(), until or case.as_of
    found = case.table("service_cases")
    seen = found[found["date"] <= pd.Timestamp(last)]
    first = seen["date"].min().date() if len(seen) else last
    forecasts = {
        kind: forecast_cases(
            seen.loc[seen["kind"] == kind, "date"], first, last, settings.horizon_days, settings.level
        )
        for kind in settings.handling_minutes
    }
    ahead = pd.date_range(last + dt.timedelta(days=1), periods=settings.horizon_days)
    days, is_open = _cases_of(ahead, forecasts), _open(case, ahead, settings)
    days = _carried(days.assign(**_outbound(planned_calls, ahead)), is_open)
    return Staffing(
        _staffed(days, settings), forecasts, settings, last, _notes(seen, planned_calls, settings)
    )


def _cases_of(ahead: pd.DatetimeIndex, forecasts: Mapping[str, CaseForecast]) -> pd.DataFrame:
    """Return expected cases per kind; the interval of their sum from variances (kinds apart)."""
    table = pd.DataFrame({"date": ahead})
    for kind, found in forecasts.items():
        table[kind] = found.days["mean"].to_numpy()
        table[f"_variance_{kind}"] = found.days["mean"].to_numpy() * found.spread
    return table


def _open(case: Case, ahead: pd.DatetimeIndex, settings: StaffingSettings) -> Flags:
    calendar = case.table("calendar")
    closed = calendar.loc[calendar["closed"].eq(True), "date"]
    return np.asarray(ahead.dayofweek.isin(settings.open_weekdays) & ~ahead.isin(closed))


def _outbound(planned: pd.DataFrame | None, ahead: pd.DatetimeIndex) -> dict[str, Floats]:
    """Return outbound calls and visits per day; days outside the horizon are left out."""
    nothing = np.zeros(len(ahead))
    if planned is None or planned.empty:
        return {"outbound_calls": nothing, "visits": nothing}
    missing = [name for name in ("date", "contacts") if name not in planned]
    if missing or (planned["contacts"] < 0).any():
        raise ParameterError(
            f"planned_calls needs date and contacts (from 0); missing: {', '.join(missing) or 'none'}."
        )
    channel = planned["channel"] if "channel" in planned else pd.Series("phone", index=planned.index)
    date = pd.to_datetime(planned["date"]).dt.normalize()

    def per_day(name: str) -> Floats:
        rows = channel == name
        sums = planned.loc[rows, "contacts"].groupby(date[rows]).sum()
        return np.asarray(sums.reindex(ahead, fill_value=0), dtype="float64")

    return {"outbound_calls": per_day("phone"), "visits": per_day("visit")}


def _carried(days: pd.DataFrame, is_open: Flags) -> pd.DataFrame:
    """Return open days only, each with the work of the closed days before it."""
    serves = np.append(np.flatnonzero(is_open), len(days))
    target = serves[np.searchsorted(serves, np.arange(len(days)))]
    sums = days.drop(columns="date").groupby(target).sum()
    kept = sums[sums.index < len(days)]
    kept.insert(0, "date", days["date"].to_numpy()[kept.index])
    return kept.reset_index(drop=True)


def _staffed(days: pd.DataFrame, settings: StaffingSettings) -> pd.DataFrame:
    kinds = list(settings.handling_minutes)
    variance = days[[f"_variance_{kind}" for kind in kinds]].sum(axis=1).to_numpy()
    cases = days[kinds].sum(axis=1).to_numpy("float64")
    low, high = _interval_of(cases, variance, settings.level)
    minutes = days[kinds].to_numpy("float64") @ np.array([settings.handling_minutes[kind] for kind in kinds])
    calls = days["outbound_calls"].to_numpy("float64")
    busy = np.where(cases > 0, high / np.maximum(cases, 1e-12), 1.0)
    usual = _queue(cases + calls, minutes + calls * settings.call_minutes, settings)
    full = _queue(cases * busy + calls, minutes * busy + calls * settings.call_minutes, settings)
    needed = [_agents(row[0], row[1], settings) for row in usual.tolist()]
    agents = np.array([found.present for found in needed], dtype="int64")
    rate, handling = usual.T
    fewer = erlang_c(rate, handling, np.maximum(agents - 1, 0), settings.answer_seconds)
    field = days["visits"] * settings.visit_minutes / (60 * settings.open_hours * settings.max_occupancy)
    return days[["date", *kinds]].assign(
        cases=cases,
        cases_low=low,
        cases_high=high,
        outbound_calls=calls,
        visits=days["visits"],
        calls_per_hour=rate,
        handling_minutes=handling,
        agents=agents,
        rostered=np.array([found.rostered for found in needed], dtype="int64"),
        service=np.array([found.service for found in needed], dtype="float64"),
        wait_seconds=np.array([found.wait_seconds for found in needed], dtype="float64"),
        occupancy=np.array([found.occupancy for found in needed], dtype="float64"),
        service_one_fewer=fewer.service,
        wait_one_fewer=fewer.wait_seconds,
        agents_busy=np.array(
            [_agents(row[0], row[1], settings).present for row in full.tolist()], dtype="int64"
        ),
        service_busy=erlang_c(full[:, 0], full[:, 1], agents, settings.answer_seconds).service,
        field_staff=np.ceil(field - 1e-9).astype("int64"),
    )


def _queue(contacts: Floats, minutes: Floats, settings: StaffingSettings) -> Floats:
    """Return calls per hour in the busiest hour and mean handling minutes, [days, 2]."""
    handling = np.where(contacts > 0, minutes / np.maximum(contacts, 1e-12), 1.0)
    return np.column_stack([contacts / settings.open_hours * settings.peak_factor, handling])


def _agents(rate: float, handling: float, settings: StaffingSettings) -> AgentsNeeded:
    return agents_needed(
        float(rate),
        float(handling),
        target_share=settings.target_share,
        answer_seconds=settings.answer_seconds,
        shrinkage=settings.shrinkage,
        max_occupancy=settings.max_occupancy,
    )


def _interval_of(mean: Floats, variance: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the quantiles of all kinds together."""
    from scipy import stats

    spread = np.maximum(variance / np.maximum(mean, 1e-12), 1 + 1e-6)
    size = np.maximum(mean, 1e-12) / (spread - 1)
    low, high = (stats.nbinom.ppf(tail, size, 1 / spread) for tail in ((1 - level) / 2, (1 + level) / 2))
    return np.maximum(low, 0.0), np.where(mean > 0, high, 0.0)


def _notes(seen: pd.DataFrame, planned: pd.DataFrame | None, settings: StaffingSettings) -> tuple[str, ...]:
    minutes = ", ".join(f"{value:g} per {kind}" for kind, value in settings.handling_minutes.items())
    said = [
        f"Assumed: minutes of work are {minutes} and {settings.call_minutes:g} per outbound call; "
        f"{settings.open_hours:g} open hours a day, the busiest {settings.peak_factor:g} times the mean; "
        f"agents are away {settings.shrinkage:.0%} of their time. Measure these before anyone is hired.",
        "Every case is planned as a call that waits in a queue; what may wait for hours needs fewer agents.",
    ]
    if seen.empty:
        said.append("There are no service cases: only the calls of campaigns are staffed.")
    if planned is None:
        said.append("No outbound calls were given: only cases that come in are staffed.")
    return tuple(said)
