"""Carbon per tonne and kilometre, against sums by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helpers.errors import ContractError, ParameterError
from helpers.transport import read_factors, shipment_emissions

SAMPLE = Path(__file__).parent.parent.parent / "data" / "sample"


def factors(**changed: Any) -> pd.DataFrame:
    table = pd.read_parquet(SAMPLE / "emission_factors.parquet")
    return table.assign(**changed)


def legs(*rows: tuple[str, str, str, str, float, float]) -> pd.DataFrame:
    names = ["shipment_id", "lane_id", "mode", "vehicle_class", "distance_km", "weight_kg"]
    return pd.DataFrame(rows, columns=names)


def test_three_shipments_on_lanes_of_the_sample_equal_the_sum_by_hand() -> None:
    found = shipment_emissions(
        legs(
            ("1", "L14", "rail", "freight train", 581, 2000),  # 581 · 2 · 34.7 = 40,321.4 g
            ("2", "L18", "parcel", "van diesel up to 3.5 t", 174, 5),  # 174 · 0.005 · 782 = 680.34 g
            ("3", "L16", "air", "freighter long haul", 9000, 100),  # 9000 · 0.1 · 666 = 599,400 g
        ),
        read_factors(factors()),
    )
    assert found.legs["kg_co2e"].tolist() == pytest.approx([40.3214, 0.68034, 599.4])
    assert found.notes == ()
    assert found.by("lane_id")["gco2e_per_tkm"].tolist() == pytest.approx([34.7, 666, 782])


def test_legs_of_one_shipment_add_up() -> None:
    two = legs(("1", "a", "rail", "freight train", 100, 1000), ("1", "b", "rail", "freight train", 50, 1000))
    found = shipment_emissions(two, read_factors(factors()))
    assert found.by("shipment_id")["kg_co2e"].tolist() == pytest.approx([150 * 0.0347])
    assert found.kg_co2e == pytest.approx(found.by(["lane_id"])["kg_co2e"].sum())


def test_tank_to_wheel_factors_are_left_out_and_named() -> None:
    table = pd.concat([factors(), factors(scope="TTW", gco2e_per_tkm=1.0)], ignore_index=True)
    read = read_factors(table)
    assert (read.table["gco2e_per_tkm"] > 1).all()
    assert "18 tank-to-wheel factors are left out" in read.notes[0]
    with pytest.raises(ContractError, match="none of 18 rows has the scope WTW"):
        read_factors(factors(scope="TTW"))


def test_the_latest_year_counts() -> None:
    table = pd.concat([factors(year=2026, gco2e_per_tkm=5.0), factors()], ignore_index=True)
    assert (read_factors(table).table["gco2e_per_tkm"] == 5).all()


def test_a_class_without_a_factor_gets_the_mean_of_its_mode_and_is_named() -> None:
    found = shipment_emissions(legs(("1", "a", "sea", "ferry", 1000, 1000)), read_factors(factors()))
    assert found.kg_co2e == pytest.approx((19.8 + 16.2 + 63) / 3)
    assert found.legs["factor_from"].tolist() == ["mean of the mode"]
    assert found.notes[0].startswith("sea, ferry: no factor")


def test_a_mode_without_any_factor_is_refused() -> None:
    with pytest.raises(ContractError, match="no well-to-wheel factor for inland_waterway"):
        shipment_emissions(legs(("1", "a", "inland_waterway", "barge", 1, 1)), read_factors(factors()))


def test_legs_that_cannot_be_are_refused_or_noted() -> None:
    read = read_factors(factors())
    leg = legs(("1", "a", "rail", "freight train", 100, float("nan")))
    assert "1 legs have no weight" in shipment_emissions(leg, read).notes[0]
    with pytest.raises(ParameterError, match="'weight_kg' is below 0"):
        shipment_emissions(leg.assign(weight_kg=-1.0), read)
    with pytest.raises(ParameterError, match="no column 'mode'"):
        shipment_emissions(leg.drop(columns="mode"), read)
    with pytest.raises(ParameterError, match="no column 'customer_id'"):
        shipment_emissions(leg, read).by("customer_id")
