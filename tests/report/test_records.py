from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.errors import ParameterError
from helpers.report import record, record_kpis, records
from helpers.report.records import kpi_record, plain


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.float64(1.5), 1.5),
        (np.int32(3), 3),
        (np.bool_(True), True),
        (float("nan"), None),
        (float("-inf"), None),
        (pd.NaT, None),
        (pd.Timestamp("2026-11-15"), "2026-11-15T00:00:00"),
        ("text", "text"),
        (None, None),
    ],
)
def test_a_recorded_value_is_plain_json(value: object, kept: object) -> None:
    assert plain(value) == kept
    assert type(plain(value)) is type(kept)
    json.dumps(plain(value), allow_nan=False)


def test_a_value_that_is_no_single_figure_is_refused() -> None:
    with pytest.raises(ParameterError, match="got a dict"):
        record("x", {}, "unit")
    with pytest.raises(ParameterError, match="got a ndarray"):
        record("x", np.array([1, 2]), "unit")


def test_a_record_needs_a_name() -> None:
    with pytest.raises(ParameterError, match="empty name"):
        record(" ", 1, "unit")


def test_outside_a_notebook_recording_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    record("orders", 14, "count")
    assert capsys.readouterr().out == ""


def test_in_a_notebook_each_kpi_is_displayed_as_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(records, "get_ipython", object)
    monkeypatch.setattr(records, "display", lambda data, **_: shown.append(data))
    record_kpis([ratio_kpi("WAPE", 1, 4, "w"), Kpi("bias", 0.1, "w")])
    assert [body[records.RECORD_MIME]["name"] for body in shown] == ["WAPE", "bias"]
    assert shown[0][records.RECORD_MIME]["value"] == 0.25


def test_a_kpi_is_recorded_with_its_sums_window_and_direction() -> None:
    kept = kpi_record(ratio_kpi("WAPE", 1, 4, "13 weeks"))
    assert (kept["numerator"], kept["denominator"], kept["window"], kept["better"]) == (
        1,
        4,
        "13 weeks",
        "lower",
    )
