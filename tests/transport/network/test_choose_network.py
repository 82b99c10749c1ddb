"""The choice of warehouses: against loops over every set and assignment, by hand, and with bad tables."""

from __future__ import annotations

import doctest
from dataclasses import replace
from functools import cache
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.transport.network import small_network as small

from helpers.contract import case_from_tables
from helpers.errors import ContractError, ParameterError
from helpers.transport import NetworkChoice, NetworkSettings, choose_network
from helpers.transport.network import options
from helpers.transport.network.choice import compare_network
from helpers.transport.network.lane_rates import fill_lanes, fit_kinds, usual_lanes
from helpers.transport.network.network_case import read_network
from helpers.transport.network.options import say_by_name

STAY = NetworkSettings(moves=False)
FILL = 0.6
# Units per week of A and B at each destination: what S4 delivers itself counts at S4.
NEED = {"S1": (30, 0), "S2": (20, 0), "S3": (0, 40), "S4": (10, 25), "Z1": (35, 0)}


@cache
def small_choice() -> NetworkChoice:
    return choose_network(small.case(), STAY)


def changed(table: pd.DataFrame, where: Any, **values: Any) -> pd.DataFrame:
    table = table.copy()
    for name, value in values.items():
        table.loc[where, name] = value
    return table


def choose_with(settings: NetworkSettings = STAY, stock_m3: float = np.nan, **values: Any) -> NetworkChoice:
    """Choose for the small network with other numbers of the warehouses."""
    network = small_choice().network
    sites = network.sites.assign(**values)
    return compare_network(replace(network, sites=sites, settings=settings, stock_m3=stock_m3))


def sites_with(**values: Any) -> pd.DataFrame:
    table = small.sites()
    return changed(table, table["kind"] == "warehouse", **values)


def serving_by_hand(site: str, there: str) -> tuple[float, float, float, float]:
    """In, handling, out and kgCO2e of a week, straight from the tables."""
    lanes: dict[Any, Any] = small.lanes().set_index("lane_id").to_dict("index")
    coming = carbon = 0.0
    for dock, k in (("D1", 0), ("D2", 1)):
        way, (weight, volume) = lanes[f"{dock}-{site}"], list(small.PRODUCTS.values())[k]
        units, total = NEED[there][k], sum(need[k] for need in NEED.values())
        by_weight = total * weight / 500.0 >= total * volume / 4.0
        filled = units * weight / (FILL * 500.0) if by_weight else units * volume / (FILL * 4.0)
        coming += 0.05 * units * weight + 0.1 * units + way["fixed_cost"] * filled
        carbon += units * weight / 1000 * way["distance_km"] * 100.0 / 1000
    units, way = sum(NEED[there]), lanes[f"{site}-{there}"]
    weight = sum(n * small.PRODUCTS[p][0] for n, p in zip(NEED[there], "AB", strict=True))
    volume = sum(n * small.PRODUCTS[p][1] for n, p in zip(NEED[there], "AB", strict=True))
    load = max(weight / (FILL * 500.0), volume / (FILL * 4.0))
    vehicles = max(load, 0.0 if there == "Z1" else 1.0)
    going = 0.05 * weight + 0.1 * units + way["fixed_cost"] * vehicles
    carbon += weight / 1000 * way["distance_km"] * 700.0 / 1000
    return coming, 0.2 * units, going, carbon


def cheapest_by_loops(sets: list[tuple[str, ...]]) -> tuple[float, tuple[str, ...]]:
    """Try every assignment of every set of open warehouses; each handles 120 units a week."""
    opening = dict(zip(small.WAREHOUSES, (400.0, 600.0, 500.0), strict=True))
    cost = {pair: sum(serving_by_hand(*pair)[:3]) for pair in product(small.WAREHOUSES, NEED)}
    best: tuple[float, tuple[str, ...]] = (np.inf, ())
    for chosen in sets:
        for serve in product(chosen, repeat=len(NEED)):
            load = {
                site: sum(sum(NEED[j]) for i, j in zip(serve, NEED, strict=True) if i == site)
                for site in chosen
            }
            if max(load.values()) <= 120:
                money = sum(opening[i] for i in chosen) + sum(
                    cost[i, j] for i, j in zip(serve, NEED, strict=True)
                )
                best = min(best, (money, chosen))
    return best


def test_serving_costs_are_those_of_a_hand_calculation() -> None:
    network = small_choice().network
    costs = network.costs(np.full(3, 0.2))
    assert network.destinations["site_id"].tolist() == list(NEED)
    assert network.units.tolist() == [sum(units) for units in NEED.values()]
    for (i, site), (j, there) in product(enumerate(small.WAREHOUSES), enumerate(NEED)):
        found = (costs.inbound[i, j], costs.handling[i, j], costs.outbound[i, j], costs.carbon[i, j])
        assert found == pytest.approx(serving_by_hand(site, there))


def test_best_choice_is_the_cheapest_of_all_sets_and_assignments() -> None:
    every = [chosen for size in (1, 2, 3) for chosen in combinations(small.WAREHOUSES, size)]
    money, chosen = cheapest_by_loops(every)
    best = small_choice().best
    assert best["cost_per_week"] == pytest.approx(money)
    assert best["open_sites"] == ", ".join(chosen)
    assert best["status"] == "optimal"


def test_each_single_closing_and_serving_anew_are_the_cheapest_of_their_sets() -> None:
    table = small_choice().options
    for closed in small.WAREHOUSES:
        row = table[(table["option"] == "close") & (table["warehouse_id"] == closed)].iloc[0]
        kept = tuple(site for site in small.WAREHOUSES if site != closed)
        assert row["cost_per_week"] == pytest.approx(cheapest_by_loops([kept])[0])
    anew = table[table["option"] == "reassign"].iloc[0]
    assert anew["cost_per_week"] == pytest.approx(cheapest_by_loops([tuple(small.WAREHOUSES)])[0])


def test_today_is_costed_as_recorded_and_over_the_nearest_lane() -> None:
    choice = small_choice()
    today = {"S1": "W1", "S2": "W1", "S3": "W2", "S4": "W3", "Z1": "W3"}
    served = choice.service[choice.service["share_today"] > 0]
    found = dict(zip(served["destination_id"], served["warehouse_id"], strict=True))
    # S2 lies half-way between W1 and W2: the first one is taken.
    assert found == today
    money = 1500.0 + sum(sum(serving_by_hand(i, j)[:3]) for j, i in today.items())
    assert choice.today["cost_per_week"] == pytest.approx(money)
    carbon = sum(serving_by_hand(i, j)[3] for j, i in today.items())
    assert choice.today["tonnes_co2e_per_year"] == pytest.approx(carbon * 52 / 1000)
    assert choice.today["cost_per_year"] == pytest.approx(52 * money)


def test_tables_sum_to_the_option_that_they_show() -> None:
    choice = small_choice()
    rows, best = choice.warehouses, choice.best
    for part in ("fixed", "handling", "inbound", "outbound"):
        assert rows[part].sum() == pytest.approx(best[part])
    assert rows["units"].sum() == pytest.approx(sum(map(sum, NEED.values())))
    assert rows["utilisation"].tolist() == pytest.approx((rows["units"] / 120).tolist())
    assert (choice.service.groupby("destination_id")["share_plan"].sum() == 1).all()
    assert set(choice.changes["destination_id"]) == {
        j
        for j, group in choice.service.groupby("destination_id")
        if (group["share_today"] != group["share_plan"]).any()
    }


def test_closing_is_said_with_its_saving_and_what_it_leaves_out() -> None:
    choice = small_choice()
    assert choice.closed
    assert f"Without {', '.join(choice.closed)}" in choice.sentence
    assert f"{choice.saving_per_year:,.0f} less" in choice.sentence
    assert any("one-off cost of opening, closing and moving" in note for note in choice.notes)


def test_more_capacity_never_costs_more_and_none_is_the_cheapest() -> None:
    wide = choose_with(handling_capacity_units=200.0)
    free = choose_with(NetworkSettings(moves=False, capacitated=False))
    split = choose_with(NetworkSettings(moves=False, single_sourcing=False))
    tight = small_choice().best["cost_per_week"]
    assert free.best["cost_per_week"] == pytest.approx(wide.best["cost_per_week"])
    assert wide.best["cost_per_week"] <= tight
    assert split.best["cost_per_week"] <= tight
    assert "Handling capacity is not a limit here." in free.notes


def test_same_demand_in_all_quarters_gives_one_saving_and_growth_a_range() -> None:
    steady = small_choice().best
    assert steady["saving_low"] == pytest.approx(steady["saving_per_year"])
    assert steady["saving_high"] == pytest.approx(steady["saving_per_year"])
    growing = choose_network(small.case(growth=0.05), STAY).best
    assert growing["saving_low"] < growing["saving_per_year"] < growing["saving_high"]


def test_given_demand_stands_in_for_orders() -> None:
    rows = [(j, p, float(n)) for j, need in NEED.items() for p, n in zip("AB", need, strict=True) if n]
    demand = pd.DataFrame(rows, columns=["site_id", "product_id", "units"])
    found = choose_network(small.case(), STAY, demand)
    assert found.best["cost_per_week"] == pytest.approx(small_choice().best["cost_per_week"])
    assert np.isnan(found.best["saving_low"])
    with pytest.raises(
        ParameterError, match=r"units are not a finite .* in 1 rows; the site is unknown in 1 rows"
    ):
        choose_network(small.case(), STAY, changed(demand, 0, site_id="nowhere", units=-1.0))


def fit_of(lanes: pd.DataFrame, crow: pd.DataFrame, name: str) -> dict[str, float]:
    fits = fit_kinds(lanes, crow).reset_index().set_index("vehicle_class").drop(columns="mode")
    return {str(key): float(value) for key, value in fits.loc[name].items()}


def test_lanes_that_lie_on_a_line_are_estimated_on_it() -> None:
    lanes = fill_lanes(small.lanes())
    names = list(small.WHERE)
    crow = pd.DataFrame(
        [[small.kilometres(a, b) / 1.25 for b in names] for a in names], index=names, columns=names
    )
    fit = fit_of(lanes, crow, "van")
    assert fit["road_factor"] == pytest.approx(1.25)
    assert (fit["fixed_cost_a"], fit["fixed_cost_b"]) == pytest.approx((20.0, 0.5))
    assert (fit["cost_per_kg_a"], fit["cost_per_kg_b"]) == pytest.approx((0.05, 0.0))


def test_one_lane_of_its_class_takes_the_slope_of_its_mode() -> None:
    odd = small.lane("D1", "W1", ("road", "tram"), lane_id="tram", fixed_cost=500.0)
    lanes = fill_lanes(pd.DataFrame([*small.lanes().to_dict("records"), odd]))
    crow = pd.DataFrame(1.0, index=list(small.WHERE), columns=list(small.WHERE))
    fit = fit_of(lanes, crow, "tram")
    assert fit["fixed_cost_a"] + fit["fixed_cost_b"] * odd["distance_km"] == pytest.approx(500.0)
    assert fit["fixed_cost_b"] > 0


def test_usual_lane_is_the_one_that_was_used_else_the_cheapest() -> None:
    two = [small.lane("D1", "W1", ("road", "truck")), small.lane("D1", "W1", ("sea", "ship"), lane_id="sea")]
    lanes = fill_lanes(pd.DataFrame(two)).assign(cost_per_kg=[1.0, 0.1])
    load = {"fill": FILL, "kg_per_unit": 1.0, "m3_per_unit": 0.01}
    assert usual_lanes(lanes, pd.Series(dtype=float), **load)["lane_id"].tolist() == ["sea"]
    assert usual_lanes(lanes, pd.Series({"D1-W1": 5.0}), **load)["lane_id"].tolist() == ["D1-W1"]


def own_lanes_only() -> pd.DataFrame:
    lanes = small.lanes()
    near = {"S1": "W1", "S2": "W1", "S3": "W2", "S4": "W3", "Z1": "W3"}
    away = lanes["origin_id"].isin(small.WAREHOUSES)
    return lanes[~away | (lanes["origin_id"] == lanes["destination_id"].map(near))]


def test_ways_without_a_lane_are_estimated_and_flagged() -> None:
    choice = choose_network(small.case(lanes=own_lanes_only()), STAY)
    guessed = choice.lanes[choice.lanes["estimated"]]
    assert set(zip(guessed["origin_id"], guessed["destination_id"], strict=True)) == {
        *product(["W2", "W3"], ["S1", "S2"]),
        *product(["W1", "W3"], ["S3"]),
        *product(["W1", "W2"], ["S4", "Z1"]),
    }
    assert (guessed["vehicle_class"] == "van").all()
    assert any(note.startswith("10 ways without a lane are estimated") for note in choice.notes)
    plan = choice.service[(choice.service["share_plan"] > 0) & choice.service["estimated"]]
    share = (plan["kg"] * plan["share_plan"]).sum() / (choice.network.kg.sum())
    assert choice.best["estimated_share"] == pytest.approx(share)


def test_without_coordinates_only_lanes_count_and_what_cannot_be_closed_is_said() -> None:
    sites = small.sites().assign(latitude=np.nan, longitude=np.nan)
    choice = choose_network(small.case(lanes=own_lanes_only(), sites=sites))
    close = choice.options[choice.options["option"] == "close"].set_index("warehouse_id")["why"]
    assert close["W1"].startswith("S1, S2 have no allowed lane")
    assert close["W2"].startswith("S3 has no allowed lane")
    assert choice.best["saving_per_year"] == pytest.approx(0.0)
    assert not choice.is_proposed
    assert "No other place is tried: no store or zone has coordinates." in choice.notes
    assert choice.sentence.startswith("Today's network costs")


def test_demand_above_all_capacity_is_said_in_units() -> None:
    choice = choose_with(handling_capacity_units=50.0)
    assert "The demand of 160 is above the capacity of 150" in choice.sentence
    assert choice.best["status"] == "no plan"
    assert np.isnan(choice.saving_per_year)
    assert (choice.warehouses["open_in_plan"]).all()


def test_a_warehouse_that_is_above_its_capacity_today_is_named_and_relieved() -> None:
    choice = choose_with(handling_capacity_units=[120.0, 120.0, 60.0])
    assert "Today W3 is above the handling capacity (W3: 70 units a week of 60)." in choice.sentence
    assert choice.is_proposed
    assert (choice.warehouses["units"] <= choice.warehouses["capacity_units"]).all()


def test_stock_that_does_not_fit_is_said_or_is_a_limit() -> None:
    stock = pd.DataFrame(
        {
            "date": small.FIRST,
            "site_id": small.WAREHOUSES,
            "product_id": "A",
            "on_hand": [900.0, 900.0, 900.0],
        }
    )
    loose = choose_network(small.case(stock=stock), STAY)
    assert loose.network.stock_m3 == pytest.approx(27.0)
    assert not loose.stock_fits
    assert "do not fit into the" in loose.sentence
    bound = choose_with(NetworkSettings(moves=False, storage_binds=True), stock_m3=27.0)
    assert bound.stock_fits
    assert not bound.closed


def test_a_warehouse_without_opening_cost_stays_open_and_is_named() -> None:
    choice = choose_with(opening_cost=[400.0, np.nan, 500.0])
    assert "W2" in choice.best["open_sites"]
    assert "W2" not in choice.options.loc[choice.options["option"] == "close", "warehouse_id"].tolist()
    assert any(note.startswith("No opening_cost, so kept open: W2.") for note in choice.notes)
    none = choose_with(opening_cost=np.nan)
    assert not none.closed
    assert none.options["option"].tolist() == ["today", "best", "reassign"]


def test_one_warehouse_has_nothing_to_close() -> None:
    lanes, sites, sold = small.lanes(), sites_with(handling_capacity_units=500.0), small.orders()
    keep = ~sites["site_id"].isin(["W1", "W2"])
    gone = lanes[["origin_id", "destination_id"]].isin(["W1", "W2"]).any(axis=1)
    choice = choose_network(small.case(sites=sites[keep], lanes=lanes[~gone], orders=sold), STAY)
    assert choice.options["option"].tolist() == ["today", "best", "reassign"]
    assert "There is one warehouse; it cannot be closed." in choice.notes
    assert not choice.is_proposed


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (pd.DataFrame({"site_id": ["x"]}), "no column 'latitude', 'longitude'"),
        (
            pd.DataFrame(
                {"site_id": ["x", "x"], "latitude": [1.0, np.nan], "longitude": 1.0, "opening_cost": -1.0}
            ),
            "1 rows have no .*; 'site_id' x is there twice; 'opening_cost' is below 0 in 2 rows",
        ),
    ],
)
def test_wrong_candidates_are_refused_with_all_findings(places: pd.DataFrame, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        choose_network(small.case(), candidates=places)


def test_tables_that_carry_no_choice_are_refused_by_name() -> None:
    sites = small.sites()
    no_warehouse = changed(sites, sites["kind"] == "warehouse", kind="store")
    with pytest.raises(ContractError, match="no site of kind warehouse.*; lanes: there is no lane"):
        choose_network(small.case(sites=no_warehouse, lanes=None, shipments=None))
    sold = small.orders()
    in_stores = sold[sold["site_id"] != "W3"]
    bare = sites.assign(latitude=np.nan, longitude=np.nan)
    lanes = small.lanes()
    inward = lanes[lanes["destination_id"].isin(small.WAREHOUSES)]
    with pytest.raises(ContractError, match="can be reached from a warehouse"):
        choose_network(small.case(sites=bare, lanes=inward, shipments=None, orders=in_stores))


def test_without_factors_carbon_is_unknown_and_without_offers_the_way_in_is_free() -> None:
    choice = choose_network(small.case(emission_factors=None, supply_terms=None, suppliers=None), STAY)
    assert choice.options["tonnes_co2e_per_year"].isna().all()
    assert (choice.options["inbound"] == 0).all()
    assert any("has no offer from a dock" in note for note in choice.notes)
    assert "CO2e" not in choice.sentence


def test_weeks_above_capacity_are_counted_and_said() -> None:
    grown = choose_network(small.case(growth=0.2), NetworkSettings(moves=False, capacitated=False))
    loads = np.array([[sum(NEED[j]) * (1 + 0.2 * week) for week in range(small.WEEKS)] for j in NEED])
    shares = grown.plans[1].shares
    assert grown.best["weeks_above"] == (shares @ loads > 120 + 1e-6).sum() > 0
    assert "more than it can handle" in grown.sentence


def test_example_of_the_message_runs() -> None:
    result = doctest.testmod(options)
    assert result.attempted == 1
    assert not result.failed


def test_messages_name_sites_instead_of_positions() -> None:
    said = (
        "locate_facilities: no plan serves everybody: customer 1 (14% short). Against it stand: capacity 0."
    )
    assert say_by_name(said, ["W1"], ["S1", "S2"]) == (
        "no plan serves everybody: S2 (14% short). Against it stand: capacity of W1."
    )


def test_wrong_settings_are_refused_at_once() -> None:
    with pytest.raises(
        ParameterError, match=r"'history_weeks' is 0.*'mean_fill' is 0.*'gap' is 1.*'time_limit' is 0"
    ):
        NetworkSettings(history_weeks=0, mean_fill=0.0, gap=1.0, time_limit=0.0)


def test_a_checked_case_with_turned_rows_in_another_currency_gives_the_same_choice() -> None:
    tables = small.tables()
    money = ["fixed_cost", "cost_per_kg", "cost_per_unit", "opening_cost", "handling_cost"]
    for name in ("lanes", "sites"):
        dear = {column: 100 * tables[name][column] for column in money if column in tables[name]}
        tables[name] = tables[name].assign(**dear)
    turned = {name: table.iloc[::-1].reset_index(drop=True) for name, table in tables.items()}
    again, before = choose_network(case_from_tables(turned), STAY), small_choice()
    same = ["option", "warehouse_id", "open_sites", "tonnes_co2e_per_year", "weeks_above", "status"]
    pd.testing.assert_frame_equal(again.options[same], before.options[same])
    for name in ("cost_per_week", "saving_per_year", "saving_low", "saving_high"):
        assert again.options[name].to_numpy() == pytest.approx(
            100 * before.options[name].to_numpy(), abs=1e-6
        )
    pd.testing.assert_frame_equal(
        again.service.drop(columns="cost_per_week"), before.service.drop(columns="cost_per_week")
    )


def test_a_store_that_nothing_reaches_is_left_out_by_name() -> None:
    lanes, sites = small.lanes(), small.sites()
    sites = changed(sites, sites["site_id"] == "S2", latitude=np.nan, longitude=np.nan)
    case = small.case(lanes=lanes[lanes["destination_id"] != "S2"], sites=sites)
    network = read_network(case, STAY, None, None)
    assert any(note.startswith("S2: no lane from a warehouse") for note in network.notes)
    assert network.destinations["site_id"].tolist() == ["S1", "S3", "S4", "Z1"]


def test_default_places_are_those_of_the_demand_and_its_centre() -> None:
    places = read_network(small.case(), NetworkSettings(), None, None).sites.iloc[3:]
    assert places["site_id"].tolist() == [*(f"at {name}" for name in NEED), "at centre"]
    kg = [sum(n * small.PRODUCTS[p][0] for n, p in zip(NEED[j], "AB", strict=True)) for j in NEED]
    middle = np.average([small.WHERE[j] for j in NEED], axis=0, weights=kg)
    assert places[["latitude", "longitude"]].iloc[-1].tolist() == pytest.approx(middle.tolist())


def test_the_better_place_is_found_at_its_own_cost_or_at_that_of_the_warehouse_it_replaces() -> None:
    sites = sites_with(handling_capacity_units=500.0)
    places = pd.DataFrame(
        {"site_id": ["far", "near"], "latitude": [70.0, 50.05], "longitude": [8.0, 9.0], "opening_cost": 1.0}
    )
    choice = choose_network(small.case(sites=sites), NetworkSettings(), candidates=places)
    moves = choice.options[choice.options["option"] == "move"]
    assert moves["warehouse_id"].tolist() == small.WAREHOUSES
    assert (moves["place_id"] == "at near").all()
    assert moves["fixed"].tolist() == pytest.approx([1101.0, 901.0, 1001.0])
    added = choice.options[choice.options["option"] == "open"].iloc[0]
    assert added["fixed"] == pytest.approx(1501.0)
    asked = choice.network.sites.assign(opening_cost=[400.0, 600.0, 500.0, np.nan, np.nan])
    same = compare_network(replace(choice.network, sites=asked)).options
    assert same.loc[same["option"] == "move", "fixed"].tolist() == pytest.approx([1500.0] * 3)
