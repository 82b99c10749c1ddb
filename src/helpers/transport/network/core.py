"""The location model over the lanes that matter, and the cheapest flows once the sites are chosen.

    minimise    Σ_i f_i y_i + Σ_ij c_ij x_ij + Σ_j e_j z_j
    Σ_i x_ij + z_j = 1                          every customer is served in full
    x_ij ≤ y_i                                  only from open sites: a strong link per lane
    Σ_j d_j x_ij ≤ s_i y_i                      capacity
    Σ_i s_i y_i ≥ Σ_j d_j                       enough capacity altogether: implied, but found to help
    y_i ∈ {0, 1},  x_ij ≥ 0 (x_ij ∈ {0, 1} with single sourcing),  0 ≤ z_j ≤ 1

Lanes that are left out stand behind z_j: it costs as much as the cheapest of them (e_j) and needs neither
an open site nor capacity. So the model's bound is a bound of the whole problem, and where every z_j is 0 its
plan is a plan of the whole problem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.solver import Model, Solution, Variables, at_least, at_most, equals, triples
from helpers.transport.network.problem import Flags, Floats, LocationProblem


@dataclass(frozen=True, eq=False)
class CoreModel:
    """The model of the module docstring with the blocks that are read back."""

    model: Model
    is_open: Variables
    share: Variables
    escape: Variables


@dataclass(frozen=True, eq=False)
class Served:
    """A plan: open sites (n,), shares of each customer's demand (n, m), and its cost."""

    is_open: Flags
    shares: Floats
    cost: float


def build_core(problem: LocationProblem, sites: Flags, must_open: Flags, lanes: Flags) -> CoreModel:
    """Build the model over `sites` and `lanes`; `must_open` are those known to be open."""
    model = Model("facility location")
    where = np.flatnonzero(sites)
    site, customer = np.nonzero(lanes & sites[:, None])
    is_open = model.add_variables(
        "open",
        pd.DataFrame({"site": where}),
        lower=must_open[where].astype(np.float64),
        upper=1.0,
        integer=True,
    )
    share = model.add_variables(
        "share",
        pd.DataFrame({"site": site, "customer": customer}),
        upper=1.0,
        integer=problem.single_sourcing,
    )
    escape = _add_escape(model, problem, problem.allowed & ~lanes & sites[:, None])
    core = CoreModel(model, is_open, share, escape)
    _add_service(core, problem)
    _add_links(core)
    _add_capacity(core, problem)
    _add_number_of_sites(core, problem)
    model.add_objective("sites", is_open * problem.fixed_cost[where])
    model.add_objective("lanes", share * problem.cost[site, customer])
    return core


def _add_escape(model: Model, problem: LocationProblem, left_out: Flags) -> Variables:
    cheapest = np.where(left_out, problem.cost, np.inf).min(axis=0)
    customer = np.flatnonzero(np.isfinite(cheapest))
    escape = model.add_variables("other lanes", pd.DataFrame({"customer": customer}), upper=1.0)
    model.add_objective("other lanes", escape * cheapest[customer])
    return escape


def _add_service(core: CoreModel, problem: LocationProblem) -> None:
    customers = pd.DataFrame({"customer": np.arange(len(problem.demand))})
    core.model.add_rows("service", customers, core.share + core.escape, equals(1.0))


def _add_links(core: CoreModel) -> None:
    lanes = core.share.keys
    place = np.searchsorted(core.is_open.keys["site"].to_numpy(), lanes["site"].to_numpy())
    opened = triples(np.arange(len(lanes)), core.is_open.ids[place], 1.0)
    core.model.add_rows("link", lanes, core.share - opened, at_most(0.0))


def _add_capacity(core: CoreModel, problem: LocationProblem) -> None:
    where = core.is_open.keys["site"].to_numpy()
    tight = problem.is_capacitated
    if not tight[where].any():
        return
    lanes = core.share.keys
    mine = tight[lanes["site"].to_numpy()]
    load = (core.share * problem.demand[lanes["customer"].to_numpy()]).where(mine)
    room = (core.is_open * problem.capacity[where]).where(tight[where])
    rows = pd.DataFrame({"site": where[tight[where]]})
    core.model.add_rows("capacity", rows, load - room, at_most(0.0))
    total = at_least(float(problem.demand.sum()))
    core.model.add_rows("total capacity", None, core.is_open * problem.capacity[where], total)


def _add_number_of_sites(core: CoreModel, problem: LocationProblem) -> None:
    if problem.fewest > 0:
        core.model.add_rows("fewest sites", None, core.is_open, at_least(float(problem.fewest)))
    if problem.most < problem.may_open.sum():
        core.model.add_rows("most sites", None, core.is_open, at_most(float(problem.most)))


def read_open(core: CoreModel, solution: Solution, sites: int) -> Flags:
    """Return the sites that a solution opens (n,)."""
    is_open = np.zeros(sites, dtype=np.bool_)
    is_open[core.is_open.keys["site"][solution.values(core.is_open) > 0.5]] = True
    return is_open


def read_escaped(core: CoreModel, solution: Solution, customers: int) -> Flags:
    """Return the customers that a solution serves over a lane that was left out (m,)."""
    escaped = np.zeros(customers, dtype=np.bool_)
    escaped[core.escape.keys["customer"][solution.values(core.escape) > 1e-7]] = True
    return escaped


def read_single_sources(core: CoreModel, problem: LocationProblem, solution: Solution) -> Served:
    """Read the plan of a core with single sourcing in which nobody needs another lane."""
    is_open = read_open(core, solution, len(problem.fixed_cost))
    return read_service(problem, is_open, core.share, solution)


def build_service(problem: LocationProblem, is_open: Flags) -> tuple[Model, Variables]:
    """Build the flows from sites that are open: the core without the choice of sites."""
    model = Model("flows from the open sites")
    site, customer = np.nonzero(problem.allowed & is_open[:, None])
    share = model.add_variables(
        "share",
        pd.DataFrame({"site": site, "customer": customer}),
        upper=1.0,
        integer=problem.single_sourcing,
    )
    customers = pd.DataFrame({"customer": np.arange(len(problem.demand))})
    model.add_rows("service", customers, share, equals(1.0))
    tight = np.flatnonzero(is_open & problem.is_capacitated)
    if len(tight):
        load = (share * problem.demand[customer]).where(problem.is_capacitated[site])
        model.add_rows("capacity", pd.DataFrame({"site": tight}), load, at_most(problem.capacity[tight]))
    model.add_objective("lanes", share * problem.cost[site, customer])
    return model, share


def read_service(problem: LocationProblem, is_open: Flags, share: Variables, solution: Solution) -> Served:
    """Read the flows, and recompute the cost from them."""
    shares = np.zeros_like(problem.cost)
    keys = share.keys
    values = solution.values(share)
    shares[keys["site"], keys["customer"]] = np.where(values > 1e-9, values, 0.0)
    used = shares > 0
    cost = problem.fixed_cost[is_open].sum() + (problem.cost[used] * shares[used]).sum()
    return Served(is_open, shares, float(cost))
