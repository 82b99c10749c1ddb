"""Map of the network: title and alt text agree with the choice; far docks do not widen it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from matplotlib.text import Annotation
from tests.transport.network import small_network as small

from helpers.figures import claim_network_map, describe_network_map, plot_network_map
from helpers.figures.geography import cut_to_frame
from helpers.transport import NetworkChoice, NetworkSettings, choose_network
from helpers.transport.network.choice import compare_network


@cache
def choice() -> NetworkChoice:
    return choose_network(small.case(), NetworkSettings(moves=False))


def test_title_is_the_claim_and_it_draws() -> None:
    axes = plot_network_map(choice())
    assert axes.get_title(loc="left").replace("\n", " ") == claim_network_map(choice())
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    axes.figure.canvas.draw()
    names = {text.get_text() for text in axes.texts}
    assert {*small.WAREHOUSES, *small.DOCKS} <= names
    closed = ", ".join(choice().closed)
    assert claim_network_map(choice()) == f"Closing {closed} saves {choice().saving_per_year:,.0f} a year"


def test_alt_text_names_who_serves_how_many_and_what_changes() -> None:
    words = describe_network_map(choice())
    served = choice().service[choice().service["share_plan"] > 0]["warehouse_id"].value_counts()
    for site, count in served.items():
        assert f"{site} serves {count} stores and zones" in words
    assert f"Closed: {', '.join(choice().closed)}." in words
    assert ", ".join(choice().changes["destination_id"]) in words


def test_a_far_dock_is_an_arrow_at_the_edge_and_widens_nothing() -> None:
    near = plot_network_map(choice())
    network = choice().network
    moved = network.docks.assign(latitude=29.9, longitude=121.6)
    far = plot_network_map(replace(choice(), network=replace(network, docks=moved)))
    assert far.get_xlim() == near.get_xlim()
    assert far.get_ylim() == near.get_ylim()
    arrow = next(text for text in far.texts if isinstance(text, Annotation) and not text.get_text())
    assert arrow.xyann[0] == pytest.approx(far.get_xlim()[1])


def test_each_way_of_the_plan_is_one_line() -> None:
    ways = len(choice().service)
    lines = [line for line in plot_network_map(choice()).lines if len(np.atleast_1d(line.get_xdata())) == 2]
    assert len(lines) == ways


def test_without_coordinates_the_map_is_empty_and_says_so() -> None:
    network = choice().network
    nowhere = {"latitude": np.nan, "longitude": np.nan}
    sites, there = network.sites.assign(**nowhere), network.destinations.assign(**nowhere)
    bare = replace(choice(), network=replace(network, sites=sites, destinations=there))
    assert describe_network_map(bare) == "Map without places: no site has coordinates."
    assert not plot_network_map(bare).lines


def test_where_nobody_can_be_served_the_claim_says_so() -> None:
    network = choice().network
    tight = compare_network(replace(network, sites=network.sites.assign(handling_capacity_units=1.0)))
    assert claim_network_map(tight) == "No choice of today's warehouses serves everybody within their limits"
    assert describe_network_map(tight).endswith("Nobody is served otherwise.")


def test_edge_is_where_the_line_to_a_place_leaves_the_frame() -> None:
    centre, frame = np.zeros(2), (-2.0, 2.0, -1.0, 1.0)
    assert cut_to_frame(centre, np.array([40.0, 10.0]), frame).tolist() == [2.0, 0.5]
    assert cut_to_frame(centre, np.array([1.0, -4.0]), frame).tolist() == [0.25, -1.0]
