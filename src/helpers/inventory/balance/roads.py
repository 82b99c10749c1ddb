"""Ways between own sites and what a unit costs on them: lanes where there are any, else special trips.

    cost of moving a unit = weight · cost_per_kg + cost_per_unit + handling at both sites

A vehicle's fixed cost is not counted on a lane: it drives every week anyway (the transport plan fills it). A
special trip costs `sideways_cost` per kg and two days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.inventory.settings import InventorySettings

WAY = ["from_site_id", "to_site_id"]
SPECIAL_TRIP_DAYS = 2.0
LANES = """
SELECT origin_id AS from_site_id, destination_id AS to_site_id, lane_id, transit_days,
       coalesce(cost_per_kg, 0) AS cost_per_kg, coalesce(cost_per_unit, 0) AS cost_per_unit
FROM lanes WHERE origin_id IN (SELECT site_id FROM stock) AND destination_id IN (SELECT site_id FROM stock)
ORDER BY transit_days, lane_id
"""


@dataclass(frozen=True, eq=False)
class Roads:
    """Ways between own sites.

    Parameters
    ----------
    lanes
        from_site_id, to_site_id, lane_id, transit_days, cost_per_kg, cost_per_unit (money); the quickest
        lane of each way.
    handling
        Money per unit received or picked, by site.
    """

    lanes: pd.DataFrame
    handling: pd.Series

    def price(self, ways: pd.DataFrame, settings: InventorySettings) -> pd.DataFrame:
        """Add to each way what it is and costs.

        Parameters
        ----------
        ways
            from_site_id, to_site_id, weight_kg (of a unit; counts as 0 where not known).
        settings
            `sideways_cost`.

        Returns
        -------
        pandas.DataFrame
            With lane_id (empty for a special trip), transit_days, move_cost (money per unit).
        """
        found = ways.merge(self.lanes, on=WAY, how="left", validate="many_to_one")
        special = found["lane_id"].isna()
        per_kg = found["cost_per_kg"].where(~special, settings.sideways_cost)
        carried = found["weight_kg"].fillna(0.0) * per_kg + found["cost_per_unit"].fillna(0.0)
        handled = found["from_site_id"].map(self.handling).fillna(0.0) + found["to_site_id"].map(
            self.handling
        ).fillna(0.0)
        return found.drop(columns=["cost_per_kg", "cost_per_unit"]).assign(
            lane_id=found["lane_id"].where(~special, ""),
            transit_days=found["transit_days"].where(~special, SPECIAL_TRIP_DAYS),
            move_cost=carried + handled,
        )


def find_roads(case: Case) -> Roads:
    """Return the lanes between sites with stock, and what handling costs at each.

    Parameters
    ----------
    case
        Uses lanes, stock and sites; without lanes every move is a special trip.
    """
    lanes = case.query(LANES).drop_duplicates(WAY).reset_index(drop=True)
    sites = case.query("SELECT site_id, handling_cost FROM sites").set_index("site_id")
    return Roads(lanes, sites["handling_cost"].astype("float64"))


def arrival_dates(ship_date: pd.Timestamp, transit_days: pd.Series) -> pd.Series:
    """Return the day on which each shipment is there, in whole days."""
    days = np.ceil(transit_days.to_numpy(dtype="float64") - 1e-9).astype("int64")
    return pd.Series(np.datetime64(ship_date, "ns") + days.astype("timedelta64[D]"), transit_days.index)
