"""How many units a site is short of before an order placed now can arrive, or how many it has to spare.

Per path, with stock I_0, arrivals a_w, lead time L (whole weeks, the review added) and demand d_w before L,
what is not served being lost:

    I_w = I_{w−1} + a_w − served_w                short = Σ (d_w − served_w)
    z   = short                                   where short > 0
    z   = −min_{w < L} I_w                        else

One unit more saves one lost sale until `short` of them are saved; one unit fewer loses one as soon as the
lowest stock is used up. So P(z ≥ y) is the chance that the y-th unit more, or for y ≤ 0 the (1 − y)-th unit
fewer, makes a sale. It never rises with y: gains add up in falling order, which makes a greedy choice exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats
from helpers.inventory.outlook import Outlook


def needed_before(
    demand: NDArray[np.float32] | Floats, lead_time: Floats, on_hand: Floats, arrivals: Floats
) -> Floats:
    """Return z, pairs × paths, units.

    Parameters
    ----------
    demand
        d, pairs × paths × weeks, units.
    lead_time
        L, pairs × paths, weeks; demand behind the last week is not looked at.
    on_hand
        I_0 per pair; below 0 where units are owed.
    arrivals
        a, pairs × weeks.

    Examples
    --------
    Ten a week for two weeks: with 15 on hand 5 are lost, with 26 there are 6 to spare.

    >>> demand, weeks, on_hand = np.full((2, 1, 3), 10.0), np.full((2, 1), 2.0), np.array([15.0, 26.0])
    >>> needed_before(demand, weeks, on_hand, np.zeros((2, 3)))
    array([[ 5.],
           [-6.]])
    """
    stock = np.repeat(on_hand[:, None], lead_time.shape[1], axis=1).astype("float64")
    short, lowest = np.zeros_like(stock), np.maximum(stock, 0.0)
    for week in range(demand.shape[2]):
        wanted = demand[:, :, week] * np.clip(lead_time - week, 0.0, 1.0)
        stock = stock + arrivals[:, week, None]
        served = np.minimum(wanted, np.maximum(stock, 0.0))
        stock = stock - served
        short += wanted - served
        lowest = np.where(lead_time > week, np.minimum(lowest, np.maximum(stock, 0.0)), lowest)
    return np.asarray(np.where(short > 1e-9, short, -lowest))


def waits_for_relief(outlook: Outlook, review_period: int) -> Floats:
    """Return L: whole weeks until what is ordered now is there, pairs × paths.

    A site that another supplies waits for what that site orders, and for the way from there. Where the only
    supplier is closed, nothing is ordered in the weeks ahead.
    """
    closed = np.where(outlook.cut_off, outlook.weeks, 0)[:, None]
    wait = outlook.lead_times + review_period + closed
    source = outlook.source
    below = (source >= 0)[:, None]
    return np.where(below, outlook.lead_times + wait[np.maximum(source, 0)], wait).astype("float64")


def shares_of_arrivals(outlook: Outlook) -> Floats:
    """Return what comes to each pair for its own customers, pairs × weeks, units.

    Its own arrivals and its share, by mean demand, of what comes to the site that supplies it.
    """
    source, rows = outlook.source, np.arange(len(outlook.pairs))
    below = source >= 0
    own = outlook.own_demand.mean(axis=(1, 2), dtype="float64")
    of_all = own + np.bincount(source[below], weights=own[below], minlength=len(own))
    at = np.where(below, source, rows)
    share = np.divide(own, of_all[at], out=np.zeros_like(own), where=of_all[at] > 0)
    return np.asarray(np.where(below[:, None], outlook.coming, 0.0) + share[:, None] * outlook.coming[at])
