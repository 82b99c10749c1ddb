"""The route map: title and alt text agree with the plan, also where there is no tour or nothing at all."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from tests.transport.last_mile import tiny_reseller as tiny

from helpers.figures import claim_route_map, describe_route_map, plot_route_map
from helpers.transport import LastMilePlan, LastMileSettings, plan_last_mile

FOUR = [{"customer_id": f"C{k}", "quantity": 10.0} for k in (1, 2, 3, 4)]


def plan_of(*lines: dict[str, object]) -> LastMilePlan:
    return plan_last_mile(tiny.case_of(*lines), LastMileSettings(iterations=20))


@pytest.fixture(scope="module")
def plan() -> LastMilePlan:
    return plan_of(*FOUR)


def drawn(plan: LastMilePlan) -> Axes:
    axes = plot_route_map(plan)
    axes.figure.canvas.draw()
    assert axes.get_title(loc="left").replace("\n", " ") == claim_route_map(plan)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("longitude, °", "latitude, °")
    return axes


def test_a_tour_goes_from_the_depot_over_its_drops_and_back(plan: LastMilePlan) -> None:
    axes = drawn(plan)
    tour = next(line for line in axes.lines if str(line.get_label()).startswith("tour 1: 4 stops"))
    way = np.column_stack([tour.get_xdata(), tour.get_ydata()]).tolist()
    assert way[0] == way[-1] == [10.0, 50.0]
    assert way[1:-1] == plan.routes[["longitude", "latitude"]].to_numpy().tolist()
    assert axes.get_aspect() == pytest.approx(1 / np.cos(np.radians(50.086)), rel=1e-3)


def test_title_and_alt_text_say_what_is_drawn(plan: LastMilePlan) -> None:
    km = plan.tours["distance_km"].sum()
    assert (
        claim_route_map(plan)
        == f"1 tour from DC on {plan.tours['day'][0]:%Y-%m-%d}: 4 of 4 drops in {km:,.0f} km"
    )
    assert describe_route_map(plan).endswith(f"van, L1 with 4 stops in {km:,.0f} km; 0 by parcel.")


def test_without_a_tour_the_parcels_are_shown() -> None:
    plan = plan_of({"quantity": 1.0})
    axes = drawn(plan)
    assert claim_route_map(plan) == "The drop from DC on 2026-03-02 goes by parcel"
    assert np.asarray(axes.lines[0].get_xdata()).tolist() == [10.1]
    assert [text.get_text() for text in axes.texts] == ["DC"]
    assert describe_route_map(plan) == "Map of the drops of DC on 2026-03-02: 1 by parcel."


def test_without_deliveries_the_map_is_empty_and_says_so() -> None:
    plan = plan_of()
    assert claim_route_map(plan) == "Nothing is delivered"
    assert drawn(plan).get_legend() is None
    assert describe_route_map(plan).endswith("nothing is delivered.")


def test_another_depot_may_be_asked_for(plan: LastMilePlan) -> None:
    assert claim_route_map(plan, "SHOP") == "Nothing is delivered"
