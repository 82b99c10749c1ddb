"""Stock in warehouses and stores together: against the MILP, and against each site on its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.errors import ParameterError
from helpers.inventory.echelons.compare import EchelonComparison, compare_echelons
from helpers.inventory.echelons.trees import is_fed_by_one, service_times_of_tree
from helpers.inventory.policies.guaranteed_service import guaranteed_service
from helpers.inventory.policies.stages import read_network

LANES = pd.DataFrame(
    {"from_site": ["DC", "DC", "West", "West"], "to_site": ["North", "West", "Shop 1", "Shop 2"]}
)
SITES = ["DC", "North", "West", "Shop 1", "Shop 2"]


def company(products: int, seed: int = 0) -> pd.DataFrame:
    """A warehouse, a regional one with customers of its own, and three places that only sell."""
    drawn = np.random.default_rng(seed)
    size = products * len(SITES)
    demand_sd = drawn.uniform(2, 30, size)
    demand_sd[:: len(SITES)] = np.nan
    return pd.DataFrame(
        {
            "product": np.repeat([f"P{n}" for n in range(products)], len(SITES)),
            "site": SITES * products,
            "lead_time": drawn.integers(1, 40, size) / 7,
            "holding_cost": drawn.uniform(0.5, 2, size),
            "demand_sd": demand_sd,
            "cycle_service_level": np.where(
                np.isnan(demand_sd), np.nan, drawn.choice([0.9, 0.95, 0.98], size)
            ),
        }
    )


def random_tree(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    drawn = np.random.default_rng(seed)
    feeder = [-1, *(int(drawn.integers(0, j)) for j in range(1, 9))]
    is_last = ~np.isin(np.arange(9), feeder)
    stages = pd.DataFrame(
        {
            "stage": range(9),
            "processing_time": drawn.integers(0, 12, 9),
            "holding_cost": drawn.uniform(0.5, 3, 9),
            "demand_sd": np.where(is_last, drawn.uniform(1, 20, 9), np.nan),
            "external_inbound_time": np.where(drawn.random(9) < 0.3, drawn.integers(1, 9, 9), np.nan),
            "max_service_time": np.where(is_last, drawn.integers(0, 4, 9), np.nan),
        }
    )
    arcs = pd.DataFrame({"from_stage": feeder[1:], "to_stage": range(1, 9)})
    return stages, arcs


@pytest.mark.parametrize("seed", range(4))
def test_recursion_on_a_tree_equals_the_milp(seed: int) -> None:
    stages, arcs = random_tree(seed)
    network = read_network(stages, arcs)
    assert is_fed_by_one(network)
    times = service_times_of_tree(network)
    assert (times <= network.most_service).all()
    assert (times <= network.inbound_times(times) + network.processing).all()
    assert network.cost(times) == pytest.approx(guaranteed_service(stages, arcs).cost, rel=1e-6)


def test_one_warehouse_and_two_stores_as_on_paper() -> None:
    """S = 0 costs z σ (√2 √4 + 2), S = 4 costs z σ 2 √5: the warehouse passes its waiting on."""
    stages = pd.DataFrame(
        {
            "product": "P",
            "site": ["DC", "North", "South"],
            "lead_time": [4, 1, 1],
            "holding_cost": 2.0,
            "demand_sd": [None, 10, 10],
            "cycle_service_level": [None, 0.95, 0.95],
        }
    )
    found = compare_echelons(stages, pd.DataFrame({"from_site": "DC", "to_site": ["North", "South"]}))
    z = stats.norm.ppf(0.95)
    assert found.cost == pytest.approx(2 * z * 10 * 2 * 5**0.5)
    assert found.own_cost == pytest.approx(2 * z * 10 * (8**0.5 + 2))
    assert found.sites["service_time"].tolist() == [4, 0, 0]
    assert found.sites["safety_stock"].tolist() == pytest.approx([0, *[z * 10 * 5**0.5] * 2])
    assert found.saving == pytest.approx(found.own_cost - found.cost)
    assert found.last_cost == pytest.approx(found.cost)
    dear = compare_echelons(
        stages.assign(holding_cost=[1, 9, 9]),
        pd.DataFrame({"from_site": "DC", "to_site": ["North", "South"]}),
    )
    assert dear.sites["service_time"].tolist() == [0, 0, 0]
    assert dear.saving == pytest.approx(0)
    assert dear.last_cost == pytest.approx(9 * z * 10 * 2 * 5**0.5)


def test_together_never_costs_more_and_the_tables_add_up() -> None:
    found = compare_echelons(company(20), LANES)
    products = found.products
    assert (products["saving"] >= -1e-9).all()
    assert (products["cost"] <= products["last_cost"] + 1e-9).all()
    assert found.is_proven
    assert found.saving > 0.01 * found.own_cost
    assert products["product"].tolist() == [f"P{n}" for n in range(20)]
    for column in ("cost", "own_cost", "last_cost", "safety_stock", "own_safety_stock"):
        sums = found.sites.groupby("product", sort=False)[column].sum()
        assert products[column].tolist() == pytest.approx(sums.tolist())
    assert found.cost == pytest.approx(products["cost"].sum())
    assert (products["saving_share"] * products["own_cost"]).sum() == pytest.approx(found.saving)


def test_each_on_its_own_bridges_its_own_lead_time_with_pooled_demand() -> None:
    stages = company(1)
    found = compare_echelons(stages, LANES)
    variance = stages["demand_sd"].fillna(0).to_numpy() ** 2
    variance[2] += variance[3] + variance[4]
    variance[0] = variance[1] + variance[2]
    factor = stats.norm.ppf(stages["cycle_service_level"].to_numpy())
    factor[2] = factor[2:].max()
    factor[0] = factor[1:].max()
    expected = factor * np.sqrt(variance * stages["lead_time"])
    assert found.sites["own_safety_stock"].tolist() == pytest.approx(expected.tolist())


def test_customers_of_a_warehouse_do_not_wait_with_the_stores() -> None:
    """The regional warehouse passes its waiting on to its stores; its own customers have stock there."""
    stages = company(1).assign(holding_cost=[1.0, 1, 1, 1, 1], lead_time=[0.0, 1, 9, 1, 1])
    stages["demand_sd"] = [np.nan, 1, 3, 10, np.nan]
    stages["cycle_service_level"] = 0.95
    found = compare_echelons(stages, LANES).sites.set_index("site")
    assert found.loc["West", "service_time"] == 9
    assert found.loc["West", "safety_stock"] == pytest.approx(stats.norm.ppf(0.95) * 3 * 9**0.5)


def test_a_site_with_two_feeders_is_left_to_the_milp() -> None:
    lanes = pd.concat([LANES, pd.DataFrame({"from_site": ["North"], "to_site": ["Shop 1"]})])
    stages = company(1, seed=3)
    found = compare_echelons(stages, lanes)
    assert found.is_proven
    assert found.cost < found.own_cost


def assert_same(found: EchelonComparison, other: EchelonComparison, factor: float = 1.0) -> None:
    columns = ["product", "site"]
    left, right = (one.sites.sort_values(columns, ignore_index=True) for one in (found, other))
    assert left["safety_stock"].tolist() == pytest.approx(right["safety_stock"].tolist())
    assert found.cost * factor == pytest.approx(other.cost)
    assert found.own_cost * factor == pytest.approx(other.own_cost)


def test_order_of_rows_and_currency_do_not_matter() -> None:
    stages = company(3)
    found = compare_echelons(stages, LANES)
    assert_same(found, compare_echelons(stages.sample(frac=1, random_state=1), LANES.iloc[::-1]))
    assert_same(found, compare_echelons(stages.assign(holding_cost=stages["holding_cost"] * 7), LANES), 7)
    named = LANES.merge(pd.DataFrame({"product": ["P2", "P1", "P0"]}), how="cross")
    assert_same(found, compare_echelons(stages, named))


def test_products_need_not_be_at_every_site() -> None:
    stages = company(2)
    fewer = stages[(stages["product"] == "P0") | stages["site"].isin(["DC", "North"])]
    found = compare_echelons(fewer, LANES)
    assert found.sites.groupby("product").size().to_dict() == {"P0": 5, "P1": 2}


def test_customers_who_wait_save_money() -> None:
    stages = company(2)
    costs = [
        compare_echelons(stages.assign(max_service_time=wait), LANES).cost for wait in (np.nan, 0, 0.5, 2, 90)
    ]
    assert costs[0] == costs[1]
    assert costs[1:] == sorted(costs[1:], reverse=True)
    assert costs[-1] == pytest.approx(0)


def test_bad_tables_are_refused_with_all_findings() -> None:
    stages = company(1)
    with pytest.raises(
        ParameterError, match="'stages' has no column demand_sd.*'lanes' has no column to_site"
    ):
        compare_echelons(stages.drop(columns="demand_sd"), LANES.drop(columns="to_site"))
    broken = stages.assign(
        lead_time=[-1, 1, 1, 1, np.nan], cycle_service_level=[np.nan, np.nan, 1.5, 0.9, 0.9]
    )
    with pytest.raises(
        ParameterError,
        match="empty for P0, North.*'steps_per_period' is 0.*'lead_time' is -1.*'cycle_service_level' is 1.5",
    ):
        compare_echelons(broken, LANES, steps_per_period=0)
    with pytest.raises(ParameterError, match="1 'lanes' name a site.*DC, Mars"):
        compare_echelons(stages, pd.DataFrame({"from_site": ["DC"], "to_site": ["Mars"]}))
    with pytest.raises(ParameterError, match="P0, DC twice"):
        compare_echelons(pd.concat([stages, stages.head(1)]), LANES)
    with pytest.raises(ParameterError, match="'stages' is empty"):
        compare_echelons(stages.head(0), LANES)
