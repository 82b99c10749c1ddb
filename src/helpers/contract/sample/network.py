"""Sites, suppliers, lanes and emission factors of the sample reseller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Floats, Ints, Texts, numbered
from helpers.contract.sample.codes import in_house_codes
from helpers.contract.sample.frames import contract_frame, read_list
from helpers.contract.sample.settings import SampleSize

FACTOR_SOURCE = "UK Government GHG conversion factors 2025"
FACTORS = (  # mode, vehicle class, gCO2e per tonne-km, well-to-wheel, average laden
    ("road", "van diesel up to 3.5 t", 782.0),
    ("road", "van electric up to 3.5 t", 276.0),
    ("road", "rigid 3.5-7.5 t", 651.0),
    ("road", "rigid 7.5-17 t", 456.0),
    ("road", "rigid over 17 t", 209.0),
    ("road", "articulated 3.5-33 t", 154.0),
    ("road", "articulated over 33 t", 95.0),
    ("road", "all HGV", 125.0),
    ("rail", "freight train", 34.7),
    ("sea", "container ship", 19.8),
    ("sea", "general cargo ship", 16.2),
    ("sea", "RoRo ferry", 63.0),
    ("air", "freighter long haul", 666.0),
    ("air", "freighter long haul with radiative forcing", 1035.0),
    ("air", "freighter short haul", 960.0),
    ("air", "freighter short haul with radiative forcing", 1484.0),
    ("parcel", "van diesel up to 3.5 t", 782.0),
    ("parcel", "van electric up to 3.5 t", 276.0),
)
WAREHOUSE_IDS = ("DC-North", "DC-South", "DC-East", "DC-West")
SEA_KM_FROM_CHINA = 19_800.0
AIR_KM_FROM_CHINA = 9_000.0


class Vehicle(NamedTuple):
    """What a lane of one kind costs and carries."""

    mode: str
    vehicle_class: str
    km_per_day: float
    detour: float
    base_cost: float
    cost_per_km: float
    cost_per_kg: float
    capacity_kg: float
    capacity_m3: float


RIGID = Vehicle("road", "rigid 3.5-7.5 t", 500, 1.25, 60, 0.80, 0.02, 2_800, 22)
GROUPAGE = Vehicle("road", "articulated over 33 t", 400, 1.30, 45, 0.04, 0.14, 24_000, 86)
VAN = Vehicle("road", "van diesel up to 3.5 t", 500, 1.25, 35, 0.55, 0.02, 1_200, 12)
TRAIN = Vehicle("rail", "freight train", 280, 1.35, 70, 0.03, 0.07, 26_000, 76)
COASTER = Vehicle("sea", "general cargo ship", 250, 1.40, 90, 0.02, 0.05, 26_000, 67)
CONTAINER = Vehicle("sea", "container ship", 560, 1.0, 950, 0.0, 0.03, 21_700, 33)
PLANE = Vehicle("air", "freighter long haul", 2_500, 1.0, 150, 0.0, 3.4, 5_000, 30)
PARCEL = Vehicle("parcel", "van diesel up to 3.5 t", 400, 1.25, 0, 0.0, 0.42, 1_100, 11)
E_PARCEL = Vehicle("parcel", "van electric up to 3.5 t", 120, 1.25, 0, 0.0, 0.38, 900, 9)


@dataclass(frozen=True)
class Network:
    """The places, and the arrays that the other modules need of them.

    Stocking sites are numbered: warehouses first, then stores. Zone k lies around store k.
    """

    sites: pd.DataFrame
    suppliers: pd.DataFrame
    lanes: pd.DataFrame
    emission_factors: pd.DataFrame
    site_ids: Texts
    site_size: Floats
    latitude: Floats
    longitude: Floats
    gln: Texts
    zone_ids: Texts
    zone_of_warehouse: Ints
    warehouses: int
    source: Ints
    """Warehouse that serves each stocking site; a warehouse serves itself."""


def make_network(size: SampleSize, rng: np.random.Generator) -> Network:
    """Return the network of a sample case.

    Parameters
    ----------
    size
        How many warehouses and stores.
    rng
        Generator of the topic.
    """
    cities = read_list("cities")
    warehouses = cities[cities["kind"] == "warehouse"].head(size.warehouses)
    stores = cities[cities["kind"] == "store"].head(size.stores)
    places = pd.concat([warehouses, stores], ignore_index=True)
    site_ids = np.concatenate(
        [np.array(WAREHOUSE_IDS[: size.warehouses], dtype=object), numbered("S", size.stores, 2)]
    )
    latitude, longitude = places["latitude"].to_numpy(float), places["longitude"].to_numpy(float)
    source = _nearest_warehouse(latitude, longitude, size.warehouses)
    zone_ids = numbered("Z", size.stores, 2)
    site_size = np.where(np.arange(size.sites) < size.warehouses, 1.15, rng.uniform(0.75, 1.3, size.sites))
    sites = _site_rows(size, places, site_ids, zone_ids, site_size)
    return Network(
        sites=sites,
        suppliers=_supplier_rows(),
        lanes=_lane_rows(sites, site_ids, zone_ids, source, size.warehouses),
        emission_factors=_factor_rows(),
        site_ids=site_ids,
        site_size=site_size,
        latitude=latitude,
        longitude=longitude,
        gln=sites["gln"].to_numpy(dtype=object)[: size.sites],
        zone_ids=zone_ids,
        zone_of_warehouse=source[size.warehouses :],
        warehouses=size.warehouses,
        source=source,
    )


def distance_km(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Floats:
    """Return great-circle distances in km (haversine, earth radius 6371 km)."""
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half = np.sin((phi_b - phi_a) / 2) ** 2
    half = half + np.cos(phi_a) * np.cos(phi_b) * np.sin(np.radians(lon_b - lon_a) / 2) ** 2
    return np.asarray(2 * 6371.0 * np.arcsin(np.sqrt(half)), dtype=np.float64)


def _nearest_warehouse(latitude: Floats, longitude: Floats, warehouses: int) -> Ints:
    km = distance_km(
        latitude[:, None], longitude[:, None], latitude[None, :warehouses], longitude[None, :warehouses]
    )
    return np.asarray(km.argmin(axis=1), dtype=np.int64)


def _site_rows(
    size: SampleSize, places: pd.DataFrame, site_ids: Texts, zone_ids: Texts, site_size: Floats
) -> pd.DataFrame:
    is_warehouse = places["kind"].to_numpy() == "warehouse"
    names = np.where(is_warehouse, "Warehouse ", "Store ") + places["name"].to_numpy(dtype=object)
    stocking = contract_frame(
        "sites",
        {
            "site_id": site_ids,
            "name": names,
            "kind": places["kind"].to_numpy(dtype=object),
            "latitude": places["latitude"],
            "longitude": places["longitude"],
            "gln": in_house_codes("28", len(site_ids)),
            "storage_capacity_m3": np.where(
                is_warehouse, 1.25 * size.products, np.round(0.2 * size.store_products * site_size, 1)
            ),
            "handling_capacity_units": np.where(
                is_warehouse, 45.0 * size.products, np.round(20 * size.store_products * site_size)
            ),
            "handling_cost": np.where(is_warehouse, 0.35, 0.55),
            "opening_cost": np.where(is_warehouse, 9_500.0, np.round(3_200 * site_size, -2)),
        },
    )
    stores = places[~is_warehouse]
    zones = contract_frame(
        "sites",
        {
            "site_id": zone_ids,
            "name": "Delivery area " + stores["name"].to_numpy(dtype=object),
            "kind": "zone",
            # the middle of the area is not the store
            "latitude": np.round(stores["latitude"].to_numpy(float) + 0.07, 2),
            "longitude": np.round(stores["longitude"].to_numpy(float) - 0.09, 2),
        },
    )
    listed = read_list("suppliers")
    docks = contract_frame(
        "sites",
        {
            "site_id": numbered("SUP", len(listed), 1) + "-DOCK",
            "name": (listed["name"] + ", " + listed["town"]).to_numpy(dtype=object),
            "kind": "supplier",
            "latitude": listed["latitude"],
            "longitude": listed["longitude"],
            "gln": in_house_codes("29", len(listed)),
        },
    )
    return _stack([stocking, zones, docks])


def _supplier_rows() -> pd.DataFrame:
    listed = read_list("suppliers")
    ids = numbered("SUP", len(listed), 1)
    return contract_frame(
        "suppliers",
        {
            "supplier_id": ids,
            "name": listed["name"].to_numpy(dtype=object),
            "site_id": ids + "-DOCK",
            "country": listed["country"].to_numpy(dtype=object),
            "payment_days": listed["payment_days"],
            "gln": in_house_codes("29", len(listed)),
        },
    )


def _factor_rows() -> pd.DataFrame:
    modes, classes, grams = zip(*FACTORS, strict=True)
    return contract_frame(
        "emission_factors",
        {
            "mode": np.array(modes, dtype=object),
            "vehicle_class": np.array(classes, dtype=object),
            "year": 2025,
            "gco2e_per_tkm": np.array(grams),
            "scope": "WTW",
            "source": FACTOR_SOURCE,
        },
    )


def _lane_rows(
    sites: pd.DataFrame, site_ids: Texts, zone_ids: Texts, source: Ints, warehouses: int
) -> pd.DataFrame:
    legs: list[tuple[str, str, Vehicle]] = []
    for warehouse in site_ids[:warehouses]:
        # what comes from near has its own vehicle, what comes from far shares one
        legs += [(f"SUP{k}-DOCK", warehouse, RIGID if k < 3 else GROUPAGE) for k in range(1, 6)]
        legs.append(("SUP6-DOCK", warehouse, CONTAINER))
    north, south = site_ids[0], site_ids[min(1, warehouses - 1)]
    legs += [("SUP3-DOCK", north, COASTER), ("SUP4-DOCK", south, TRAIN)]
    legs += [("SUP5-DOCK", south, TRAIN), ("SUP6-DOCK", north, PLANE)]
    for store, zone, warehouse in zip(site_ids[warehouses:], zone_ids, source[warehouses:], strict=True):
        legs.append((site_ids[warehouse], store, VAN))
        legs.append((site_ids[warehouse], zone, PARCEL))
        legs.append((store, zone, E_PARCEL))
    return _price_legs(legs, sites)


def _price_legs(legs: list[tuple[str, str, Vehicle]], sites: pd.DataFrame) -> pd.DataFrame:
    origin = np.array([leg[0] for leg in legs], dtype=object)
    destination = np.array([leg[1] for leg in legs], dtype=object)
    vehicle = pd.DataFrame([leg[2] for leg in legs])
    where = sites.set_index("site_id")[["latitude", "longitude"]]
    start, stop = where.loc[origin].to_numpy(float), where.loc[destination].to_numpy(float)
    km = np.round(distance_km(start[:, 0], start[:, 1], stop[:, 0], stop[:, 1]) * vehicle["detour"])
    km = np.maximum(km.to_numpy(float), 5.0)
    km = np.where(vehicle["vehicle_class"] == "container ship", SEA_KM_FROM_CHINA, km)
    km = np.where(vehicle["mode"] == "air", AIR_KM_FROM_CHINA, km)
    transit = np.maximum(np.ceil(km / vehicle["km_per_day"]), 1.0)
    return contract_frame(
        "lanes",
        {
            "lane_id": numbered("L", len(legs), 3 if len(legs) > 99 else 2),
            "origin_id": origin,
            "destination_id": destination,
            "mode": vehicle["mode"].to_numpy(dtype=object),
            "vehicle_class": vehicle["vehicle_class"].to_numpy(dtype=object),
            "distance_km": km,
            "transit_days": transit,
            "transit_sd_days": np.round(0.15 * transit + 0.2, 1),
            "fixed_cost": np.round(vehicle["base_cost"] + vehicle["cost_per_km"] * km),
            "cost_per_kg": vehicle["cost_per_kg"],
            "cost_per_unit": np.where(vehicle["mode"] == "parcel", 0.9, 0.0),
            "vehicle_capacity_kg": vehicle["capacity_kg"],
            "vehicle_capacity_m3": vehicle["capacity_m3"],
            "weekly_vehicles": np.where(vehicle["mode"] == "road", 6.0, 3.0),
        },
    )


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put frames of one table below each other without letting empty columns change a type."""
    first = frames[0]
    return pd.DataFrame(
        {
            name: pd.Series(
                np.concatenate([frame[name].to_numpy() for frame in frames]), dtype=first[name].dtype
            )
            for name in first.columns
        }
    )
