"""A broken contact plan is caught, whatever the breach; a breach of consent stops the page."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.customers.selection import campaign_shop as toy

from helpers.customers import checks
from helpers.customers.checks import check_contact_plan
from helpers.customers.checks.contact_plan import check_over, contact_plan_rules
from helpers.customers.selection import SelectionSettings, check_tables, plan_contacts
from helpers.errors import PlanCheckError

type Exports = dict[str, pd.DataFrame]
RULES = {rule.name: rule for rule in contact_plan_rules()}
SETTINGS = SelectionSettings(budget=30.0, channel_capacity={"email": 40, "phone": 9}, rest_days=5)


@pytest.fixture(scope="module")
def case() -> toy.ShopCase:
    return toy.shop(200, 3)


@pytest.fixture(scope="module")
def exports(case: toy.ShopCase) -> Exports:
    return check_tables(plan_contacts(case, SETTINGS, toy.worth(case)))


def broken_rules(exports: Exports, case: toy.ShopCase) -> set[str]:
    return set(check_contact_plan(exports, case).findings["rule"])


def changed(exports: Exports, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Exports:
    return {**exports, name: change(exports[name].copy())}


def people(case: toy.ShopCase, first: str, **cells: Any) -> toy.ShopCase:
    table = case.table("customers")
    for name, value in cells.items():
        table.loc[table["customer_id"] == first, name] = value
    return case.with_tables(customers=table)


def put(frame: pd.DataFrame, column: str, value: Any, row: int = 0) -> pd.DataFrame:
    frame.loc[frame.index[row], column] = value
    return frame


def rule(exports: Exports, name: str, value: float) -> Exports:
    table = exports["plan_rules"].copy()
    table.loc[table["name"] == name, "value"] = value
    return {**exports, "plan_rules": table}


def amount(exports: Exports, name: str, value: float) -> Exports:
    table = exports["plan_money"].copy()
    table.loc[table["name"] == name, "money"] = value
    return {**exports, "plan_money": table}


def test_a_good_plan_passes_also_as_read_back_from_csv(
    exports: Exports, case: toy.ShopCase, tmp_path: Path
) -> None:
    assert check_contact_plan(exports, case).sentence == "The plan keeps all 27 rules."
    read = {}
    for name, frame in exports.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        read[name] = pd.read_csv(tmp_path / f"{name}.csv")
    assert check_contact_plan(read, case).sentence == "The plan keeps all 27 rules."


def test_a_breach_of_consent_stops_the_page(exports: Exports, case: toy.ShopCase) -> None:
    first = exports["contact_list"].iloc[0]
    withdrawn = people(case, first["customer_id"], consent_email=False, consent_phone=False)
    with pytest.raises(PlanCheckError, match="no contact without consent"):
        check_contact_plan(exports, withdrawn).require()


def test_a_suppression_is_caught(exports: Exports, case: toy.ShopCase) -> None:
    who = exports["contact_list"]["customer_id"].iloc[0]
    listed = pd.DataFrame(
        {"customer_id": [who], "channel": [None], "start": "2026-02-01", "reason": "objection"}
    )
    both = pd.concat([case.table("suppressions")[["customer_id", "channel", "start", "reason"]], listed])
    shut = case.with_tables(suppressions=both.reset_index(drop=True))
    assert "no contact with a suppressed customer" in broken_rules(exports, shut)


def test_a_lost_address_is_caught(exports: Exports, case: toy.ShopCase) -> None:
    who = exports["contact_list"]["customer_id"].iloc[0]
    assert "no contact without an address" in broken_rules(exports, people(case, who, email=None, phone=None))


def test_past_contacts_count_for_rest_and_cap(exports: Exports, case: toy.ShopCase) -> None:
    who = exports["contact_list"]["customer_id"].iloc[0]
    late = pd.DataFrame(
        {
            "campaign_id": "P1",
            "customer_id": who,
            "arm": "treated",
            "sent": True,
            "sent_at": pd.date_range("2026-02-01", "2026-03-01", periods=7),
        }
    )
    found = broken_rules(exports, case.with_tables(contacts=late))
    assert {"rest between contacts", "contacts within the cap"} <= found


BREACHES: dict[str, Callable[[Exports], Exports]] = {
    "contacts within the cap": lambda e: rule(e, "cap_contacts", 0),
    "contacts per customer in the plan": lambda e: rule(e, "max_contacts_per_customer", 0),
    "one row per campaign and customer": lambda e: changed(
        e, "contact_list", lambda t: pd.concat([t, t.head(1)], ignore_index=True)
    ),
    "contacts are of planned campaigns, on their channel and days": lambda e: changed(
        e, "contact_list", lambda t: put(t, "day", pd.Timestamp("2026-05-01"))
    ),
    "personal data in the contact list alone": lambda e: changed(
        e, "holdout", lambda t: t.assign(note="Person 1")
    ),
    "exports are complete": lambda e: changed(e, "holdout", lambda t: t.drop(columns="probability")),
    "cells are filled": lambda e: changed(e, "contact_list", lambda t: put(t, "reason", None)),
    "no contact with the hold-out": lambda e: changed(
        e,
        "holdout",
        lambda t: pd.concat(
            [
                t,
                e["contact_list"][["campaign_id", "customer_id"]]
                .head(1)
                .assign(stratum="s", probability=0.2, would_be_chosen=True),
            ]
        ),
    ),
    "hold-out from the open audience": lambda e: changed(
        e,
        "holdout",
        lambda t: pd.concat(
            [
                t,
                e["suppressed"]
                .query("reason == 'no consent'")[["campaign_id", "customer_id"]]
                .head(1)
                .assign(stratum="s", probability=0.2, would_be_chosen=False),
            ]
        ),
    ),
    "least share held out": lambda e: rule(e, "holdout_share", 0.4),
    "hold-out at random": lambda e: changed(e, "holdout", lambda t: first_of_each(e, t)),
    "probabilities of the hold-out are those of the draw": lambda e: changed(
        e, "holdout", lambda t: t.assign(probability=0.31)
    ),
    "the hold-out is among the suppressed": lambda e: changed(
        e, "suppressed", lambda t: t.assign(reason="budget")
    ),
    "within the budget": lambda e: rule(e, "budget", 1.0),
    "within the capacity of each channel": lambda e: rule(e, "capacity email", 3.0),
    "within the stock of each offer": lambda e: changed(e, "contact_list", lambda t: t.assign(units=50.0)),
    "limits are used as claimed": lambda e: changed(e, "contact_limits", lambda t: t.assign(used=0.5)),
    "net is value less cost": lambda e: changed(e, "contact_list", lambda t: t.assign(net=t["net"] + 1)),
    "every interval holds its value": lambda e: changed(
        e, "contact_list", lambda t: t.assign(value_low=t["value"] + 1)
    ),
    "every contact is worth its cost": lambda e: changed(e, "contact_list", lambda t: put(t, "value", -5.0)),
    "sums as claimed": lambda e: amount(e, "value_low", 1e6),
    "money as claimed": lambda e: amount(e, "net", 1e6),
    "the bound is not below the plan": lambda e: amount(e, "bound", 1.0),
    "the gap is that of the bound": lambda e: amount(e, "gap", 0.4),
}


def first_of_each(exports: Exports, held: pd.DataFrame) -> pd.DataFrame:
    """Return a hold-out of as many: the first open customers by id, which is no draw."""
    closed = ["no consent", "no address", "suppression list", "resting", "cap reached"]
    keys = ["campaign_id", "customer_id"]
    rest = exports["suppressed"]
    rows = pd.concat([exports["contact_list"][keys], rest.loc[~rest["reason"].isin(closed), keys]])
    size = held.groupby("campaign_id").size()
    rows = rows.sort_values(keys)
    first = rows[rows.groupby("campaign_id").cumcount() < rows["campaign_id"].map(size)]
    return first.assign(stratum="s", probability=0.15, would_be_chosen=True)


@pytest.mark.parametrize("name", BREACHES)
def test_a_broken_rule_is_named(name: str, exports: Exports, case: toy.ShopCase) -> None:
    if name not in RULES:  # the comparison of totals that every check makes
        assert name in broken_rules(BREACHES[name](exports), case)
        return
    assert len(RULES[name].broken(check_over(BREACHES[name](exports), case)))


def test_every_rule_has_a_breach_here(exports: Exports, case: toy.ShopCase) -> None:
    apart = {
        "no contact without consent",
        "no contact with a suppressed customer",
        "no contact without an address",
        "rest between contacts",
    }
    assert set(check_contact_plan(exports, case).checked) == (set(BREACHES) | apart) - {"money as claimed"}


def test_an_early_stop_is_readable_but_no_plan_is_not(exports: Exports, case: toy.ShopCase) -> None:
    lost = changed(
        exports, "plan_money", lambda t: t.assign(text=t["text"].replace({r".+": "no plan"}, regex=True))
    )
    assert "no plan" in check_contact_plan(lost, case).status_problem


def test_the_check_shares_no_code_with_the_selection() -> None:
    for path in Path(checks.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert "selection" not in node.module
                assert node.module != "helpers.customers.consent"


def test_a_leaked_address_of_another_channel_is_caught(exports: Exports, case: toy.ShopCase) -> None:
    leaked = changed(
        exports, "contact_list", lambda t: t.assign(phone="+49 30 23125 000", email="a@example.com")
    )
    assert "personal data in the contact list alone" in broken_rules(leaked, case)
    assert np.isfinite(check_contact_plan(leaked, case).findings["by"]).all()
