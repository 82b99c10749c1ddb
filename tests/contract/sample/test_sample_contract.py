"""The sample case keeps the contract, is the same every time, and lists every breach in its truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.contract.sample import make_sample
from helpers.contract.sample.settings import SIZES
from helpers.contract.schema import contract
from helpers.errors import ParameterError

KINDS = {"number": "f", "integer": "i", "date": "M", "boolean": "b", "id": "O", "text": "O"}
BREACHES = {"dangling product", "dangling order", "missing required value", "duplicate key"}


@pytest.mark.parametrize("table", list(contract()))
def test_frames_have_the_columns_and_types_of_the_contract(tiny: Any, table: str) -> None:
    frame = tiny.tables[table]
    assert tuple(frame.columns) == contract()[table].column_names
    assert list(frame.index) == list(range(len(frame)))
    for column in contract()[table].columns:
        assert frame[column.name].dtype.kind == KINDS[column.type], column.name
        if column.type == "date":
            assert frame[column.name].dtype == "datetime64[ns]"
            assert (frame[column.name].dropna() == frame[column.name].dropna().dt.normalize()).all()


@pytest.mark.parametrize("table", list(contract()))
def test_text_is_text_and_missing_text_is_none(tiny: Any, table: str) -> None:
    for column in contract()[table].columns:
        if KINDS[column.type] == "O":
            kinds = {type(value) for value in tiny.tables[table][column.name]}
            assert kinds <= {str, type(None)}, column.name


def test_every_table_has_rows(tiny: Any) -> None:
    assert list(tiny.tables) == list(contract())
    assert all(len(frame) for frame in tiny.tables.values())
    assert all(len(frame) for frame in tiny.truth.values())


@pytest.mark.parametrize("size", ["tiny", "default"])
@pytest.mark.parametrize("table", list(contract()))
def test_clean_rows_have_unique_keys(size: str, table: str, request: pytest.FixtureRequest) -> None:
    frame = request.getfixturevalue(f"clean_{size}")[table]
    assert not frame.duplicated(list(contract()[table].key)).any()


@pytest.mark.parametrize("size", ["tiny", "default"])
@pytest.mark.parametrize("table", list(contract()))
def test_references_of_clean_rows_are_found(size: str, table: str, request: pytest.FixtureRequest) -> None:
    frames = request.getfixturevalue(f"clean_{size}")
    for reference in contract()[table].references:
        own = frames[table][list(reference.columns)].dropna().astype(object)
        target = frames[reference.table][list(reference.target_columns)].astype(object)
        found = pd.MultiIndex.from_frame(own).isin(pd.MultiIndex.from_frame(target))
        assert found.all(), own[~found].head()


@pytest.mark.parametrize("table", list(contract()))
def test_required_values_of_clean_rows_are_there(clean_default: dict[str, Any], table: str) -> None:
    for name in contract()[table].required:
        if not contract()[table][name].key:
            assert clean_default[table][name].notna().all(), name


@pytest.mark.parametrize("table", list(contract()))
def test_clean_rows_use_the_words_of_the_contract(clean_default: dict[str, Any], table: str) -> None:
    for column in contract()[table].columns:
        if column.choices:
            assert set(clean_default[table][column.name].dropna()) <= set(column.choices), column.name


def test_quantities_are_whole_and_prices_are_in_cents(clean_default: dict[str, Any]) -> None:
    for table in ("orders", "shipments", "stock", "purchase_orders", "receipts", "returns"):
        column = "on_hand" if table == "stock" else "quantity"
        assert (clean_default[table][column] % 1 == 0).all()
    cents = clean_default["orders"]["unit_price"] * 100
    assert np.allclose(cents, cents.round(), atol=1e-6)


def test_the_same_seed_gives_the_same_case(tiny: Any) -> None:
    again = make_sample(seed=0, size="tiny")
    for table, frame in tiny.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[table])
    for name, frame in tiny.truth.items():
        pd.testing.assert_frame_equal(frame, again.truth[name])


def test_another_seed_gives_another_case(tiny: Any) -> None:
    assert not make_sample(seed=1, size="tiny").tables["orders"].equals(tiny.tables["orders"])


def test_making_a_case_leaves_the_global_generator_alone() -> None:
    np.random.seed(7)  # noqa: NPY002
    before = np.random.get_state()[1]  # noqa: NPY002
    make_sample(seed=3, size="tiny")
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(("seed", "size"), [(0, "huge"), (-1, "tiny")])
def test_unknown_size_or_negative_seed_is_refused_in_words(seed: int, size: str) -> None:
    with pytest.raises(ParameterError, match=r"size 'huge' is unknown|seed must be zero or more"):
        make_sample(seed=seed, size=size)


@pytest.mark.parametrize("seed", range(1, 4))
def test_other_seeds_keep_the_contract_too(seed: int) -> None:
    sample = make_sample(seed=seed, size="tiny")
    dirt: Any = sample.truth["dirt"]
    for table, definition in contract().items():
        dirty = dirt.loc[dirt["table"] == table, "row"].tolist()
        assert not sample.tables[table].drop(index=dirty).duplicated(list(definition.key)).any()


def test_the_default_case_has_the_promised_dimensions(default: Any) -> None:
    tables, size = default.tables, SIZES["default"]
    kinds = tables["sites"]["kind"].value_counts()
    assert (len(tables["products"]), kinds["warehouse"], kinds["store"]) == (120, 2, 6)
    assert len(tables["suppliers"]) == 6
    assert tables["products"]["category"].nunique() == 8
    assert 28 <= len(tables["lanes"]) <= 36
    assert tables["lanes"]["mode"].nunique() >= 4
    assert len(default.truth["customers"]) == size.customers == 2_000
    assert 105_000 <= len(tables["orders"]) <= 125_000
    assert default.truth["demand"]["week"].nunique() == 156
    assert default.truth["demand"]["week"].max() == pd.Timestamp("2026-11-09")


def test_vehicle_classes_of_lanes_have_emission_factors(default: Any) -> None:
    keys = ["mode", "vehicle_class"]
    factors = pd.MultiIndex.from_frame(default.tables["emission_factors"][keys])
    assert pd.MultiIndex.from_frame(default.tables["lanes"][keys]).isin(factors).all()


def test_the_history_ends_with_the_week_and_half_a_year_of_calendar_follows(default: Any) -> None:
    dirt = default.truth["dirt"]
    stock = default.tables["stock"].drop(index=dirt.loc[dirt["table"] == "stock", "row"])
    assert stock["date"].max() == pd.Timestamp("2026-11-15")
    assert (stock["date"].dt.dayofweek == 6).all()
    assert stock["date"].nunique() == 156
    calendar = default.tables["calendar"]["date"]
    assert calendar.min() == pd.Timestamp("2023-11-20")
    assert calendar.max() == pd.Timestamp("2027-05-16")


def test_nobody_orders_on_a_closed_day(clean_default: dict[str, Any]) -> None:
    calendar = clean_default["calendar"]
    closed = calendar.loc[calendar["closed"], "date"]
    assert not clean_default["orders"]["order_date"].isin(closed).any()


def test_names_are_invented_and_mail_goes_nowhere(default: Any) -> None:
    customers = default.tables["customers"]
    assert customers["email"].dropna().str.contains(r"@example\.(?:com|org|net)$").all()
    assert customers["name"].str.contains("'").any()
    assert customers["name"].str.contains("ü|ä|ö").any()
