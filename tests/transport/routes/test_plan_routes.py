"""Routes: a published optimum, hand calculations, words for what is left out, plans tampered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError, SourceError
from helpers.transport import RoutePlan, Travel, check_routes, plan_routes, read_vrplib
from helpers.transport.routes.case import read_case
from helpers.transport.routes.distances import distances_between
from helpers.transport.routes.leftover import shorten_route
from helpers.transport.routes.search import choose_scale
from helpers.transport.routes.timing import Road

# Augerat et al. (1995), A-n32-k5: x, y, demand of each node, the depot first. Optimum 784.
NODES = (
    *((82, 76, 0), (96, 44, 19), (50, 5, 21), (49, 8, 6), (13, 7, 19), (29, 89, 7), (58, 30, 12)),
    *((84, 39, 16), (14, 24, 6), (2, 39, 16), (3, 82, 8), (5, 10, 14), (98, 52, 21), (84, 25, 16)),
    *((61, 59, 3), (1, 65, 22), (88, 51, 18), (91, 2, 19), (19, 32, 1), (93, 3, 24), (50, 93, 8)),
    *((98, 14, 12), (5, 42, 4), (42, 9, 8), (61, 62, 24), (9, 97, 24), (80, 55, 2), (57, 69, 20)),
    *((23, 15, 15), (20, 70, 2), (85, 60, 14), (98, 5, 9)),
)


@pytest.fixture(scope="module")
def augerat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = [
        "NAME : A-n32-k5",
        "TYPE : CVRP",
        "DIMENSION : 32",
        "EDGE_WEIGHT_TYPE : EUC_2D",
        "CAPACITY : 100",
    ]
    lines += ["NODE_COORD_SECTION", *(f"{i} {x} {y}" for i, (x, y, _) in enumerate(NODES, 1))]
    lines += ["DEMAND_SECTION", *(f"{i} {demand}" for i, (_, _, demand) in enumerate(NODES, 1))]
    lines += ["DEPOT_SECTION", "1", "-1", "EOF"]
    file = tmp_path_factory.mktemp("vrplib") / "A-n32-k5.vrp"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def day() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Twenty-four drops, two depots, vans and a truck, windows, pick-ups and two prizes."""
    drawn = np.random.default_rng(5)
    opens = drawn.choice([480.0, 540.0, 720.0], 24)
    drops = pd.DataFrame(
        {
            "drop": [f"D{i:02d}" for i in range(24)],
            "latitude": 52.46 + drawn.normal(0, 0.08, 24),
            "longitude": 13.35 + drawn.normal(0, 0.12, 24),
            "weight_kg": drawn.uniform(20, 120, 24).round(1),
            "volume_m3": drawn.uniform(0.1, 0.8, 24).round(2),
            "pickup_kg": np.where(drawn.random(24) < 0.2, 30.5, 0.0),
            "opens": opens,
            "closes": opens + 180.0,
            "service_minutes": 6.0,
            "prize": np.where(np.arange(24) < 2, 5000.0, np.nan),
        }
    )
    vehicles = pd.DataFrame(
        {
            "vehicle": ["van N", "truck N", "van S"],
            "available": [3, 1, 3],
            "depot": ["North", "North", "South"],
            "capacity_kg": [450.0, 1500.0, 450.0],
            "capacity_m3": [4.0, 12.0, 4.0],
            "fixed_cost": [60.0, 110.0, 60.0],
            "cost_per_km": [0.35, 0.62, 0.35],
            "cost_per_hour": 28.0,
            "shift_start": 420.0,
            "shift_end": 1080.0,
            "max_minutes": 480.0,
            "max_km": 200.0,
            "speed_kmh": [38.0, 33.0, 38.0],
        }
    )
    depots = pd.DataFrame(
        {"depot": ["North", "South"], "latitude": [52.52, 52.40], "longitude": [13.4, 13.3]}
    )
    return drops, vehicles, depots


@pytest.fixture(scope="module")
def plan() -> RoutePlan:
    return plan_routes(*day(), iterations=150, time_limit=30, seed=3)


def lines_of(*km: float) -> Travel:
    """Places on a line; the depot is the first."""
    at = np.array([0.0, *km])
    return Travel(distance_km=np.abs(at[:, None] - at), speed_kmh=60)


def words(plan: RoutePlan) -> list[str]:
    return [str(word) for word in plan.left_out["reason"]]


VAN = pd.DataFrame({"vehicle": ["van"]})
DC = pd.DataFrame({"depot": ["DC"]})


def test_published_optimum_is_found(augerat: Path) -> None:
    found = plan_routes(augerat, iterations=800, time_limit=30)
    assert found.cost == found.distance_km == 784
    assert len(found.routes) == 5
    assert check_routes(found).empty


def test_a_plan_with_everything_keeps_every_rule(plan: RoutePlan) -> None:
    assert check_routes(plan).empty
    assert plan.left_out.empty
    assert sorted(plan.stops["drop"]) == [f"D{i:02d}" for i in range(24)]
    assert plan.stopped_by == "iterations"


def test_same_seed_and_iterations_give_the_same_routes(plan: RoutePlan) -> None:
    again = plan_routes(*day(), iterations=150, time_limit=30, seed=3)
    pd.testing.assert_frame_equal(again.stops, plan.stops)
    assert again.iterations == plan.iterations == 150


def move_stop(plan: RoutePlan) -> RoutePlan:
    return replace(plan, stops=plan.stops.assign(route=plan.stops["route"].where(plan.stops.index != 0, 2)))


def first_stop(plan: RoutePlan, **changes: float) -> RoutePlan:
    first = plan.stops.index == 0
    changed = {column: plan.stops[column] + by * first for column, by in changes.items()}
    return replace(plan, stops=plan.stops.assign(**changed))


def all_routes(plan: RoutePlan, **changes: float) -> RoutePlan:
    return replace(plan, routes=plan.routes.assign(**{c: plan.routes[c] + by for c, by in changes.items()}))


def other_day(plan: RoutePlan, table: str, column: str, value: float) -> RoutePlan:
    changed = getattr(plan.case, table).assign(**{column: value})
    return replace(plan, case=replace(plan.case, **{table: changed}))


MUTATIONS: dict[str, tuple[Callable[[RoutePlan], RoutePlan], str]] = {
    "a stop dropped in silence": (lambda p: replace(p, stops=p.stops.iloc[1:]), "served once"),
    "a stop twice": (lambda p: replace(p, stops=pd.concat([p.stops, p.stops.iloc[:1]])), "served once"),
    "a stop on another route": (move_stop, "distance"),
    "an unknown drop": (lambda p: replace(p, stops=p.stops.replace({"drop": {"D03": "D99"}})), "drop known"),
    "an early arrival": (lambda p: first_stop(p, arrives=-5.0), "driving time"),
    "service before opening": (lambda p: other_day(p, "drops", "opens", 1000.0), "window"),
    "service after closing": (lambda p: other_day(p, "drops", "closes", 481.0), "window"),
    "service cut short": (lambda p: first_stop(p, leaves=-1.0), "service time"),
    "a wrong load": (lambda p: first_stop(p, load_kg=-10.0), "load"),
    "a wrong leg": (lambda p: first_stop(p, leg_km=-1.0), "distance"),
    "a smaller van": (lambda p: other_day(p, "vehicles", "capacity_kg", 100.0), "capacity"),
    "less room": (lambda p: other_day(p, "vehicles", "capacity_m3", 0.5), "capacity"),
    "fewer vehicles": (lambda p: other_day(p, "vehicles", "available", 0), "vehicles available"),
    "a shorter shift": (lambda p: other_day(p, "vehicles", "shift_end", 500.0), "shift"),
    "a later depot": (lambda p: other_day(p, "depots", "opens", 700.0), "shift"),
    "a shorter way": (lambda p: other_day(p, "vehicles", "max_km", 10.0), "longest way"),
    "a shorter time": (lambda p: other_day(p, "vehicles", "max_minutes", 60.0), "longest time"),
    "a cheaper route": (lambda p: all_routes(p, cost=-1.0), "cost"),
    "an early return": (lambda p: all_routes(p, returns=-30.0), "driving time"),
    "another total": (lambda p: replace(p, cost=p.cost - 1), "totals"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_plan_that_was_tampered_with_is_caught(name: str, plan: RoutePlan) -> None:
    mutate, rule = MUTATIONS[name]
    assert rule in set(check_routes(mutate(plan))["rule"])


def test_times_and_cost_equal_a_hand_calculation() -> None:
    drops = pd.DataFrame({"drop": ["A", "B"], "opens": [0, 600], "closes": [600, 660], "service_minutes": 10})
    van = VAN.assign(fixed_cost=50.0, cost_per_km=2.0, cost_per_hour=30.0)
    found = plan_routes(drops, van, DC, travel=lines_of(30, 60), iterations=20)
    # 30 km and 30 minutes a leg: B opens at 10:00, so the van leaves at 08:50 and nobody waits.
    route = found.routes.iloc[0]
    assert (route["departs"], route["returns"]) == (530.0, 670.0)
    assert found.stops["starts"].tolist() == [560.0, 600.0]
    assert found.cost == pytest.approx(50 + 2 * 120 + 30 * 140 / 60)


def test_loads_fall_with_deliveries_and_rise_with_pickups() -> None:
    drops = pd.DataFrame({"drop": ["A", "B"], "weight_kg": [60, 40], "pickup_kg": [0, 90]})
    found = plan_routes(drops, VAN.assign(capacity_kg=100.0), DC, travel=lines_of(1, 2), iterations=20)
    assert found.stops["load_kg"].tolist() == [40.0, 90.0]
    assert found.routes["peak_kg"].tolist() == [100.0]


def test_the_shortest_tour_equals_enumeration() -> None:
    drawn = np.random.default_rng(2)
    km = drawn.uniform(1, 50, (7, 7))
    found = plan_routes(
        pd.DataFrame({"drop": range(6)}), VAN, DC, travel=Travel(distance_km=km, minutes=km), iterations=300
    )
    np.fill_diagonal(km, 0)
    tours = ([0, *(1 + np.array(order)), 0] for order in permutations(range(6)))
    assert found.distance_km == pytest.approx(min(km[tour[:-1], tour[1:]].sum() for tour in tours), rel=1e-4)


def test_departure_is_as_late_as_nothing_is_lost() -> None:
    drops = pd.DataFrame(
        {"drop": ["A", "B"], "opens": [500, 560], "closes": [505, 700], "service_minutes": 5}
    )
    road = Road(read_case(drops, VAN, DC, lines_of(30, 31)))
    route = road.time_route(0, [0, 1])
    assert route.departs == 475  # leaving later would miss A, although B still has to be waited for
    assert route.arrives.tolist() == [505, 511]
    assert route.is_feasible
    assert not road.time_route(0, [1, 0]).is_feasible


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("weight_kg", 900.0, "For every vehicle: too heavy, 900 kg where van takes 500."),
        ("pickup_m3", 9.0, "For every vehicle: too large, 9 m³ where van takes 5."),
        ("closes", 450.0, "its window closes at 07:30 and van arrives at 08:00 at the earliest."),
        ("opens", 1070.0, "van would be back at 18:50, after its shift or the depot ends at 18:00."),
        ("service_minutes", 400.0, "the way there and back takes van 520 minutes of 480."),
    ],
)
def test_what_no_vehicle_can_serve_is_named(column: str, value: float, said: str) -> None:
    drops = pd.DataFrame({"drop": ["A", "B"], "weight_kg": 10.0}).assign(**{column: [0.0, value]})
    drops["closes"] = [1440.0, value if column == "closes" else 1440.0]
    van = VAN.assign(capacity_kg=500.0, capacity_m3=5.0, shift_start=420.0, shift_end=1080.0)
    van = van.assign(max_minutes=480.0)
    found = plan_routes(drops, van, DC, travel=lines_of(10, 60), iterations=10)
    assert found.left_out["drop"].tolist() == ["B"]
    assert found.left_out["kind"].tolist() == ["unservable"]
    assert words(found)[0].endswith(said)
    assert found.stops["drop"].tolist() == ["A"]
    assert check_routes(found).empty


def test_each_vehicle_may_fail_for_its_own_reason() -> None:
    van = pd.DataFrame({"vehicle": ["bike", "truck"], "capacity_kg": [20.0, 900.0], "max_km": [500.0, 100.0]})
    drops = pd.DataFrame({"drop": ["A"], "weight_kg": 50.0})
    found = plan_routes(drops, van, DC, travel=lines_of(60), iterations=10)
    assert words(found) == [
        "No vehicle can: too heavy, 50 kg where bike takes 20; the way there and back is 120.0 km, truck may "
        "go 100.0 km."
    ]
    assert found.routes.empty


def test_a_drop_is_left_out_where_its_prize_is_too_small() -> None:
    drops = pd.DataFrame({"drop": ["A", "B"], "prize": [np.nan, 30.0]})
    found = plan_routes(drops, VAN, DC, travel=lines_of(10, 50), iterations=30)
    assert found.left_out["kind"].tolist() == ["prize"]
    assert words(found) == ["Its prize of 30.00 is no more than the 80.00 that serving it would add."]
    dearer = plan_routes(drops.assign(prize=[np.nan, 90.0]), VAN, DC, travel=lines_of(10, 50), iterations=30)
    assert dearer.left_out.empty


def test_a_fleet_that_is_too_small_serves_what_it_can() -> None:
    drops = pd.DataFrame({"drop": list("ABCD"), "weight_kg": 40.0})
    van = VAN.assign(capacity_kg=90.0)
    found = plan_routes(drops, van, DC, travel=lines_of(1, 2, 3, 4), iterations=60)
    assert len(found.stops) == 2
    assert found.left_out["kind"].tolist() == ["no room", "no room"]
    assert "No vehicle has load, time and way left" in words(found)[0]
    assert check_routes(found).empty


def test_a_route_that_breaks_a_limit_loses_its_last_drops() -> None:
    drops = pd.DataFrame({"drop": list("ABC"), "weight_kg": [40.0, 40.0, 40.0]})
    road = Road(read_case(drops, VAN.assign(capacity_kg=90.0), DC, lines_of(1, 2, 3)))
    shorter = shorten_route(road, road.time_route(0, [2, 0, 1]))
    assert shorter is not None
    assert shorter.drops == [2, 0]
    heavy = Road(read_case(drops, VAN.assign(capacity_kg=9.0), DC, lines_of(1, 2, 3)))
    assert shorten_route(heavy, heavy.time_route(0, [2, 0, 1])) is None


def test_whole_numbers_are_handed_over_as_they_are(augerat: Path) -> None:
    scale = choose_scale(read_vrplib(augerat))
    assert (scale.distance, scale.time, scale.weight, scale.money) == (1, 1, 1, 1.0)
    scale = choose_scale(read_case(*day(), Travel()))
    assert (scale.distance, scale.time, scale.weight) == (1000, 60, 1000)
    assert scale.money * 0.35 / 1000 >= 1000


def test_distances_equal_known_ones() -> None:
    km = distances_between([0, 0, 90], [0, 90, 0])
    assert km == pytest.approx(6371.0088 * np.pi / 2 * (1 - np.eye(3)))


def test_time_windows_and_service_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "small.vrp"
    file.write_text(
        "NAME : small\nTYPE : VRPTW\nDIMENSION : 3\nVEHICLES : 2\nCAPACITY : 9\nSERVICE_TIME : 5\n"
        "EDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 1 1\n3 2 2\nDEMAND_SECTION\n1 0\n2 4\n3 5\n"
        "TIME_WINDOW_SECTION\n1 0 100\n2 10 20\n3 30 40\nDEPOT_SECTION\n1\n-1\nEOF\n",
        encoding="utf-8",
    )
    case = read_vrplib(file)
    assert case.distance_km[0].tolist() == [0.0, 1.4, 2.8]
    assert case.drops[["opens", "closes", "service_minutes"]].to_numpy().tolist() == [
        [10, 20, 5],
        [30, 40, 5],
    ]
    assert case.vehicles["available"].tolist() == [2]
    assert check_routes(plan_routes(case, iterations=20)).empty


def test_wrong_tables_and_files_are_refused_with_all_findings(tmp_path: Path) -> None:
    drops, vehicles, depots = day()
    with pytest.raises(ParameterError) as told:
        plan_routes(
            drops.assign(weight_kg=-1.0), vehicles.assign(depot="West"), depots.drop(columns="latitude")
        )
    assert "'weight_kg' has 24 values that cannot be (first: -1.0 of D00)" in str(told.value)
    with pytest.raises(ParameterError, match=r"depots \['West'\] are not in the table.*give latitude"):
        plan_routes(drops, vehicles.assign(depot="West"), depots.drop(columns="latitude"))
    with pytest.raises(ParameterError, match=r"'iterations' is 0.*'seed' is -1"):
        plan_routes(drops, vehicles, depots, iterations=0, seed=-1)
    with pytest.raises(ParameterError, match="shape"):
        plan_routes(drops, vehicles, depots, travel=Travel(distance_km=np.ones((2, 2))))
    file = tmp_path / "broken.vrp"
    file.write_text("no instance", encoding="utf-8")
    with pytest.raises(SourceError, match=r"broken\.vrp"):
        plan_routes(file)
