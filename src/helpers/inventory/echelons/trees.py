"""Service times that need the least money in safety stock where each stage is fed by at most one other.

With the letters of `guaranteed_service`, from the last stages to the first:

    G_j(SI) = min_{0 ≤ S ≤ min(s_j, SI + T_j)}   h_j z_j σ_j √(SI + T_j − S) + Σ_{(j,k)} G_k( max(S, e_k) )

over all times of the grid, then S_j is read from the first stages to the last. Exact; the effort is the
square of the longest lead time for each stage, so thousands of small trees take seconds.

Source: Graves and Willems (2000), Manufacturing & Service Operations Management 2(1), section 4, for the
trees without assembly; Snyder and Shen, Fundamentals of Supply Chain Theory (2nd ed.), section 6.3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats
from helpers.inventory.policies.stages import Network


def is_fed_by_one(network: Network) -> bool:
    """Whether no stage has two feeders."""
    fed = [j for _, j in network.arcs]
    return len(fed) == len(set(fed))


def service_times_of_tree(network: Network) -> Floats:
    """Return S by stage, in steps of the grid; of several best ones, the shortest.

    Parameters
    ----------
    network
        Stages of which each has at most one feeder (see `is_fed_by_one`).
    """
    least: dict[int, Floats] = {}
    chosen: dict[int, NDArray[np.int64]] = {}
    for j in reversed(network.order):
        service = np.arange(min(network.most_service[j], network.longest_replenishment[j]) + 1)
        cost = _own_costs(network, j, service)
        for i, k in network.arcs:
            if i == j:
                cost = cost + least[k][np.maximum(service, network.inbound[k]).astype("int64")]
        chosen[j], least[j] = cost.argmin(axis=1), cost.min(axis=1)
    times = np.zeros(network.size)
    for j in network.order:
        times[j] = chosen[j][int(network.inbound_times(times)[j])]
    return times


def _own_costs(network: Network, stage: int, service: Floats) -> Floats:
    """Return h z σ √x by inbound time (rows) and service time (columns); infinite where x < 0."""
    inbound = np.arange(network.longest_inbound[stage] + 1)
    net = inbound[:, None] + network.processing[stage] - service
    cost: Floats = np.where(net >= 0, network.unit_costs[stage] * np.sqrt(np.maximum(net, 0.0)), np.inf)
    return cost
