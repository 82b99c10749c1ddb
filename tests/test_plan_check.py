"""A broken plan is caught from its tables alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.errors import PlanbookError, PlanCheckError, SolverError
from helpers.plan_check import (
    PlanRule,
    Tables,
    check_plan,
    difference,
    excess,
    remainder,
    shortfall,
)


def storage(tables: Tables) -> pd.DataFrame:
    used = tables["stock"].groupby("site_id", as_index=False)["volume"].sum()
    return excess(used.merge(tables["sites"], on="site_id"), "volume", "room")


def packs(tables: Tables) -> pd.DataFrame:
    return remainder(tables["orders"], "units", "pack")


def minimum(tables: Tables) -> pd.DataFrame:
    return shortfall(tables["orders"], "units", "least")


RULES = (PlanRule("storage", storage, "m³"), PlanRule("packs", packs, "units"), PlanRule("least", minimum))


def good_plan() -> dict[str, pd.DataFrame]:
    return {
        "sites": pd.DataFrame({"site_id": ["N", "S"], "room": [100.0, 50.0]}),
        "stock": pd.DataFrame({"site_id": ["N", "N", "S"], "volume": [60.0, 40.0, 50.0]}),
        "orders": pd.DataFrame(
            {"product_id": ["P1", "P2"], "units": [12.0, 18.0], "pack": 6.0, "least": 6.0}
        ),
    }


def test_a_plan_that_keeps_all_rules_passes() -> None:
    report = check_plan(RULES, good_plan(), status="optimal", claimed=10.0, recomputed=10.0)
    report.require()
    assert report.passed
    assert report.sentence == "The plan keeps all 3 rules."


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "rule", "by"),
    [
        ("stock", 0, "volume", 61.5, "storage", 1.5),
        ("stock", 2, "volume", np.nan, "storage", None),
        ("orders", 0, "units", 13.0, "packs", 1.0),
        ("orders", 1, "units", 0.0, "least", 6.0),
        ("orders", 1, "units", np.nan, "packs", np.nan),
        ("sites", 1, "room", np.nan, "storage", np.nan),
    ],
)
def test_every_mutation_is_caught(
    table: str, row: int, column: str, value: float, rule: str, by: float | None
) -> None:
    tables = good_plan()
    tables[table].loc[row, column] = value
    report = check_plan(RULES, tables, status="optimal")
    if by is None:  # a sum over nothing is nothing; the rule itself has to look for gaps
        assert report.passed
        return
    assert rule in set(report.findings["rule"])
    np.testing.assert_allclose(report.findings.loc[report.findings["rule"] == rule, "by"].iloc[0], by)
    with pytest.raises(PlanCheckError, match=rule):
        report.require()


@pytest.mark.parametrize(
    "status", ["stopped early, without a plan", "infeasible: the limits clash", "", "Optimal"]
)
def test_a_wrong_status_fails_a_plan_that_keeps_all_rules(status: str) -> None:
    report = check_plan(RULES, good_plan(), status=status)
    assert report.findings.empty
    with pytest.raises(PlanCheckError, match="no plan to use"):
        report.require()


def test_status_words_are_those_of_the_solver() -> None:
    from helpers.plan_check import READABLE
    from helpers.solver.verdict import Status

    readable = {Status.OPTIMAL, Status.WITHIN_GAP, Status.STOPPED_WITH_PLAN}
    assert set(READABLE) == {str(status) for status in readable}


@pytest.mark.parametrize(("claimed", "recomputed"), [(10.0, 10.1), (10.0, np.nan), (np.nan, 10.0)])
def test_money_that_the_tables_do_not_give_is_caught(claimed: float, recomputed: float) -> None:
    report = check_plan(RULES, good_plan(), status="optimal", claimed=claimed, recomputed=recomputed)
    assert report.findings["rule"].tolist() == ["money as claimed"]


def test_a_rule_that_cannot_be_evaluated_counts_as_broken() -> None:
    tables = good_plan()
    del tables["sites"]
    report = check_plan(RULES, tables, status="optimal")
    assert not report.passed
    assert "could not be checked: KeyError 'sites'" in report.sentence


def test_the_worst_comes_first_and_all_are_counted() -> None:
    table = pd.DataFrame({"id": range(9), "a": np.arange(9.0), "b": 0.0})
    report = check_plan(
        [PlanRule("equal", lambda t: difference(t["t"], "a", "b"))], {"t": table}, status="optimal"
    )
    assert report.findings["by"].tolist() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert report.sentence == "equal: 8 broken (worst: id 8, a 8.0, b 0.0, by 8)."


def test_the_check_shares_nothing_with_the_solver() -> None:
    from pathlib import Path

    import helpers.plan_check

    files = sorted(Path(helpers.plan_check.__file__).parent.glob("*.py"))
    assert len(files) > 3
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    imported = {line.split()[1] for line in lines if line.startswith(("import helpers", "from helpers"))}
    assert {name for name in imported if not name.startswith("helpers.plan_check")} == {"helpers.errors"}


def test_each_error_has_an_exit_code_of_its_own() -> None:
    assert SolverError.exit_code == 7
    assert PlanCheckError.exit_code == 8
    kinds = [kind for kind in PlanbookError.__subclasses__() if "exit_code" in vars(kind)]
    codes = [kind.exit_code for kind in kinds]
    assert len(set(codes)) == len(codes)
