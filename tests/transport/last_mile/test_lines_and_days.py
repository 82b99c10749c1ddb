"""Which lines are brought, which have stock, on which days they may come, and which day is chosen."""

from __future__ import annotations

import doctest
import importlib
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.transport.last_mile import tiny_reseller as tiny

from helpers.errors import ParameterError
from helpers.transport import LastMileSettings
from helpers.transport.last_mile.days import choose_days, count_days, reckon_zones
from helpers.transport.last_mile.drops import locate_lines
from helpers.transport.last_mile.lanes import read_lanes
from helpers.transport.last_mile.lines import read_open_lines
from helpers.transport.last_mile.windows import set_windows, working_days

SETTINGS = LastMileSettings()


def states(*lines: dict[str, Any], **other: pd.DataFrame) -> list[str]:
    found, _ = read_open_lines(tiny.case_of(*lines, **other), 182)
    return found.sort_values("order_id")["state"].tolist()


def test_a_line_is_brought_where_most_of_the_customers_shipments_from_the_site_were() -> None:
    shop = [{"site_id": "SHOP", "customer_id": "C1"}, {"site_id": "SHOP", "customer_id": "C2"}]
    past = [{"site_id": "SHOP", "customer_id": c, "status": "shipped"} for c in ("C1", "C1", "C2", "C2")]
    sent = tiny.shipments(("O3", "L2"), ("O4", "L2"), ("O5", "L2"), ("O6", None))
    assert states(*shop, *past, shipments=sent) == ["ready", "fetched"]  # half is not most


def test_without_a_history_of_the_customer_that_of_the_site_decides_and_then_its_kind() -> None:
    lines = [{"customer_id": "C3", "site_id": "DC"}, {"customer_id": "C3", "site_id": "SHOP"}]
    assert states(*lines) == ["ready", "fetched"]
    past = [{"site_id": "SHOP", "customer_id": "C1", "status": "shipped"}]
    assert states(*lines, *past, shipments=tiny.shipments(("O3", "L2"))) == ["ready", "ready"]
    assert states(*lines, shipments=tiny.shipments(("O0", None))) == ["fetched", "fetched"]


def test_stock_goes_by_requested_day_and_nobody_overtakes() -> None:
    lines = [
        {"requested_date": "2026-03-05", "quantity": 1.0},
        {"requested_date": "2026-03-02", "quantity": 60.0, "customer_id": "C2"},
        {"requested_date": "2026-03-03", "quantity": 50.0, "customer_id": "C3"},
    ]
    assert states(*lines) == ["no stock", "ready", "no stock"]
    found, _ = read_open_lines(tiny.case_of(*lines), 182)
    assert found.set_index("order_id")["free"].to_dict() == {"O1": 0.0, "O2": 100.0, "O3": 40.0}
    assert "40 of 50 units" in found.set_index("order_id")["reason"]["O3"]


def test_blocked_stock_serves_nobody_and_what_was_sent_is_not_sent_again() -> None:
    stock = tiny.tables()["stock"].assign(blocked=[97.0, 0.0, 0.0])
    assert states({"quantity": 4.0}, stock=stock) == ["no stock"]
    found, _ = read_open_lines(
        tiny.case_of({"quantity": 4.0}, stock=stock, shipments=tiny.shipments(("O1", "L1"))), 182
    )
    assert found["quantity"].tolist() == [3.0]
    assert found["state"].tolist() == ["ready"]


def test_working_days_leave_out_sundays_and_closed_days() -> None:
    closed = pd.DataFrame({"date": ["2026-03-02", "2026-03-04"], "closed": [True, False]})
    days = working_days(tiny.case_of({}, calendar=closed), 6)
    assert [str(day) for day in days] == [f"2026-03-{day:02d}" for day in (3, 4, 5, 6, 7, 9)]
    all_closed = pd.DataFrame({"date": pd.date_range("2026-03-02", periods=120), "closed": True})
    assert len(working_days(tiny.case_of({}, calendar=all_closed), 6)) == 0


@pytest.mark.parametrize(
    ("requested", "tolerance", "early", "window"),
    [
        ("2026-03-04", 0, None, (0, 2, 2)),
        ("2026-03-04", 1, None, (0, 3, 2)),
        ("2026-03-04", 1, 1, (1, 3, 2)),
        ("2026-02-20", 2, None, (0, 0, 0)),  # overdue: the first day
        ("2026-03-08", 0, 0, (6, 6, 6)),  # a Sunday: the next day
        ("2026-03-30", 0, 3, (7, 7, 7)),  # later than all days
        (None, 0, 2, (0, 6, 0)),
    ],
)
def test_a_window_reaches_to_the_requested_day_and_the_slack(
    requested: str | None, tolerance: int, early: int | None, window: tuple[int, int, int]
) -> None:
    days = np.array([f"2026-03-{day:02d}" for day in (2, 3, 4, 5, 6, 7, 9)], dtype="datetime64[D]")
    asked = pd.Series([requested], dtype="datetime64[ns]")
    line = pd.DataFrame({"requested_date": asked, "tolerance_days": [float(tolerance)]})
    found = set_windows(line, days, early)
    assert tuple(found[["first", "last", "wanted"]].iloc[0]) == window


@cache
def usual_lanes() -> pd.DataFrame:
    return read_lanes(tiny.case_of({}), SETTINGS, 6)[0]


def ready_lines(seed: int, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return lines with drawn windows and loads, and the lanes."""
    drawn = np.random.default_rng(seed)
    first = drawn.integers(0, 3, count)
    lines = pd.DataFrame(
        {
            "site_id": "DC",
            "zone_id": "ZONE",
            "customer_id": drawn.choice(["C1", "C2", "C3"], count),
            "latitude": 50.1,
            "longitude": 10.1,
            "kg": drawn.uniform(50, 300, count),
            "m3": drawn.uniform(0.1, 2, count),
            "first": first,
            "last": np.minimum(first + drawn.integers(0, 3, count), 2),
            "wanted": first,
        }
    )
    return lines, usual_lanes()


@pytest.mark.parametrize("seed", range(2))
def test_chosen_days_cost_no_more_than_any_by_enumeration(seed: int) -> None:
    lines, lanes = ready_lines(seed, 5)
    settings = LastMileSettings(days=3)
    choice = choose_days(lines, lanes, settings)
    zones = reckon_zones(lines, lanes, settings)
    zone = zones.iloc[0]

    same = lines.groupby(["customer_id", "first", "last"]).ngroup().to_numpy()

    def money(days: tuple[int, ...]) -> float:
        sums = count_days(lines.assign(day=list(days)), zones)
        tours = float((sums["tours"] + 2 * sums["over"]).sum())
        later = sum(day for _, day in set(zip(same.tolist(), days, strict=True)))
        return float(zone["tour_cost"] * tours + zone["stop_cost"] * (sums["stops"].sum() + 1e-3 * later))

    spans = [range(a, b + 1) for a, b in zip(lines["first"], lines["last"], strict=True)]
    plans = [
        days
        for days in product(*spans)
        if all(len({d for d, g in zip(days, same, strict=True) if g == k}) == 1 for k in set(same))
    ]
    assert choice.solution is not None
    assert choice.solution.objective == pytest.approx(min(map(money, plans)), rel=1e-3)
    assert choice.lines["day"].between(lines["first"], lines["last"]).all()
    assert money(tuple(choice.lines["day"])) == pytest.approx(choice.solution.objective, rel=1e-6)


def test_lines_of_a_customer_meet_on_a_day_of_both_windows() -> None:
    lines, lanes = ready_lines(0, 2)
    lines = lines.assign(customer_id="C1", first=[0, 2], last=[2, 3], wanted=[0, 3], kg=1.0, m3=0.01)
    choice = choose_days(lines, lanes, SETTINGS)
    assert choice.lines["day"].tolist() == [2, 2]
    assert choose_days(lines.assign(first=2), lanes, SETTINGS).solution is None  # nothing to gain
    stops = choice.days.groupby("way")["stops"].sum()
    assert stops.to_dict() == {"as wanted": 2, "as soon as possible": 2, "chosen": 1}


def test_too_few_vehicles_spread_the_drops_over_the_slack() -> None:
    lines, lanes = ready_lines(0, 2)
    lines = lines.assign(customer_id=["C1", "C2"], first=0, last=1, wanted=0, kg=400.0, m3=0.1)
    choice = choose_days(lines, lanes, SETTINGS)
    assert sorted(choice.lines["day"]) == [0, 1]
    over = choice.days.groupby("way")["over"].sum()
    assert (over["as soon as possible"], over["chosen"]) == (1, 0)


def test_a_zone_out_of_a_shifts_reach_needs_no_tour() -> None:
    lines, lanes = ready_lines(0, 2)
    choice = choose_days(lines, lanes.assign(site_latitude=58.0), SETTINGS)
    assert choice.days["tours"].sum() == 0
    assert (choice.lines["day"] == choice.lines["first"]).all()


def test_of_several_lanes_the_parcel_lane_counts_and_vehicles_are_per_working_day() -> None:
    usual = tiny.tables()["lanes"]
    road = usual.iloc[:1].assign(lane_id="L0", mode="road", cost_per_kg=0.1)
    lanes, notes = read_lanes(
        tiny.case_of({}, lanes=pd.concat([road, usual.assign(weekly_vehicles=[14.0, 1.0])])), SETTINGS, 5
    )
    assert lanes["lane_id"].tolist() == ["L1", "L2"]
    assert lanes["vehicles"].tolist() == [3.0, 1.0]
    assert "Of 3 lanes to zones, 2 are used: one per site and zone." in notes
    # 800 g per tonne-km, 40 % of 500 kg on board on average.
    assert lanes["kg_co2e_per_km"].tolist() == pytest.approx([0.16, 0.16])


def test_a_customer_without_coordinates_stands_where_its_zone_does() -> None:
    customers = tiny.tables()["customers"].assign(latitude=[np.nan, 50.11, 50.1, 50.1])
    case = tiny.case_of({}, customers=customers)
    lanes, _ = read_lanes(case, SETTINGS, 6)
    lines, notes = locate_lines(read_open_lines(case, 182)[0], lanes)
    assert lines[["latitude", "longitude"]].to_numpy().tolist() == [[50.1, 10.1]]
    assert notes == ("1 customer without coordinates: the zone's stand in.",)


def test_recorded_freight_is_put_beside_the_lanes_rates() -> None:
    _, notes = read_lanes(tiny.case_of({}, shipments=tiny.shipments(("O0", "L1"))), SETTINGS, 6)
    # One box: 1.0 × 10 kg + 0.5 × 1 unit = 10.5 by rate, 3 recorded.
    assert any("was 0.29 × those rates" in note for note in notes)


def test_settings_that_cannot_be_meant_are_refused_together() -> None:
    with pytest.raises(
        ParameterError, match=r"'days' is 0.*'cost_per_km' is -1.*25 hours.*'mean_load_share'"
    ):
        LastMileSettings(days=0, cost_per_km=-1, shift_start=15, shift_hours=10, mean_load_share=0)
    with pytest.raises(ParameterError, match=r"'early_days' is -1.*'speed_kmh' is 0"):
        LastMileSettings(early_days=-1, speed_kmh=0)


def test_examples_run() -> None:
    for name in ("lanes", "lines"):
        result = doctest.testmod(importlib.import_module(f"helpers.transport.last_mile.{name}"))
        assert result.attempted > 0
        assert result.failed == 0
