"""The contact plan of a case: consent, caps, hold-out and limits hold in every plan, whatever the data."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.customers.selection import campaign_shop as toy

from helpers.customers.checks import check_contact_plan
from helpers.customers.selection import (
    ContactPlan,
    SelectionSettings,
    check_tables,
    compare_baselines,
    contact_export,
    draw_holdout,
    plan_contacts,
    say_baselines,
    say_everyone,
    say_plan,
    say_prices,
    say_suppressed,
    trace_budget,
)
from helpers.customers.selection.suppressed import REASONS
from helpers.errors import ParameterError

TIGHT = SelectionSettings(budget=30.0, channel_capacity={"email": 18, "phone": 9}, rest_days=5)
NEEDS = {"email": ("consent_email", "email"), "phone": ("consent_phone", "phone")}


@pytest.fixture(scope="module")
def plan() -> ContactPlan:
    case = toy.shop(120, 3)
    return plan_contacts(case, TIGHT, toy.worth(case))


def assert_no_breach(case: toy.ShopCase, plan: ContactPlan) -> None:
    """The rules about persons once more, by loops over rows."""
    people = case.table("customers").set_index("customer_id")
    shut = case.table("suppressions")
    days = plan.audience.campaigns.set_index("campaign_id")["day"]
    held = set(map(tuple, plan.holdout[["campaign_id", "customer_id"]].to_numpy().tolist()))
    met: dict[str, list[pd.Timestamp]] = {}
    for row in plan.audience.past.to_dict("records"):
        met.setdefault(row["customer_id"], []).append(row["day"])
    mine = pd.Series(plan.contact_list["customer_id"]).value_counts()
    assert (mine <= plan.settings.max_contacts_per_customer).all()
    for row in plan.contact_list.to_dict("records"):
        consent, address = NEEDS[row["channel"]]
        customer = row["customer_id"]
        assert people.loc[customer, consent]
        assert people.loc[customer, address]
        own = shut[shut["customer_id"] == customer]
        assert not (own["channel"].isna() | (own["channel"] == row["channel"])).any()
        assert (row["campaign_id"], customer) not in held
        met.setdefault(customer, []).append(days[row["campaign_id"]])
    for customer in set(mine.index):
        ages = sorted(met[customer])
        planned = set(
            days[plan.contact_list.loc[plan.contact_list["customer_id"] == customer, "campaign_id"]]
        )
        for place, day in enumerate(ages):
            if day in planned:
                assert all((day - other).days >= plan.settings.rest_days for other in ages[:place])
                inside = [other for other in ages[: place + 1] if (day - other).days < plan.settings.cap_days]
                assert len(inside) <= plan.settings.cap_contacts


ASKED = st.builds(
    SelectionSettings,
    budget=st.sampled_from([None, 1.0, 8.0]),
    channel_capacity=st.fixed_dictionaries({"phone": st.integers(0, 6)}),
    max_contacts_per_customer=st.integers(1, 3),
    cap_contacts=st.integers(0, 3),
    rest_days=st.sampled_from([0, 4, 30]),
    holdout_share=st.sampled_from([0.0, 0.15, 0.5]),
    seed=st.integers(0, 10_000),
)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(customers=st.integers(0, 60), asked=ASKED)
def test_no_plan_breaks_consent_cap_rest_or_hold_out(customers: int, asked: SelectionSettings) -> None:
    case = toy.shop(customers, asked.seed)
    plan = plan_contacts(case, asked, toy.worth(case, asked.seed))
    assert_no_breach(case, plan)
    assert plan.totals["cost"] <= asked.money + 1e-9


@settings(max_examples=4, deadline=None, derandomize=True)
@given(asked=ASKED)
def test_every_plan_passes_the_check_that_shares_no_code_with_it(asked: SelectionSettings) -> None:
    case = toy.shop(25, asked.seed)
    plan = plan_contacts(case, asked, toy.worth(case, asked.seed))
    report = check_contact_plan(check_tables(plan), case)
    assert report.passed, report.sentence


def test_permuting_the_worth_changes_nothing(plan: ContactPlan) -> None:
    case = toy.shop(120, 3)
    mixed = toy.worth(case).sample(frac=1, random_state=1)
    other = plan_contacts(case, TIGHT, mixed)
    pd.testing.assert_frame_equal(other.pairs, plan.pairs)
    pd.testing.assert_frame_equal(other.limits, plan.limits)


def test_scaling_the_currency_scales_the_plan(plan: ContactPlan) -> None:
    case = toy.shop(120, 3)
    dear = case.table("campaigns").assign(cost_per_contact=lambda table: table["cost_per_contact"] * 100)
    worth = toy.worth(case)
    money = ["value", "value_low", "value_high"]
    worth[money] *= 100
    other = plan_contacts(case.with_tables(campaigns=dear), replace(TIGHT, budget=3_000.0), worth)
    assert other.totals["net"] == pytest.approx(100 * plan.totals["net"])


def test_campaigns_that_run_together_share_their_channel(plan: ContactPlan) -> None:
    counts = plan.contact_list["campaign_id"].value_counts()
    row = plan.limits[plan.limits["name"] == "email in K1, K2"].iloc[0]
    assert (row["limit"], row["used"]) == (18.0, counts["K1"] + counts["K2"])


def test_stock_is_that_of_the_last_day_less_what_is_promised() -> None:
    case = toy.shop(120, 3)
    plan = plan_contacts(case, SelectionSettings(rest_days=0, max_contacts_per_customer=1), toy.worth(case))
    limits = plan.limits[plan.limits["kind"] == "stock"].set_index("name")
    assert limits["limit"].to_dict() == {"Paint": 40.0, "SAW": 5.0, "Tools": 5.0}
    counts = plan.by_campaign.set_index("campaign_id")["contacts"]
    assert limits.loc["SAW", "used"] == pytest.approx(0.4 * counts["K1"])
    assert limits.loc["Tools", "used"] == pytest.approx(0.4 * (counts["K1"] + counts["K3"]))
    free = plan_contacts(case, replace(plan.settings, limit_by_stock=False), toy.worth(case))
    assert free.totals["net"] > plan.totals["net"]


def test_the_hold_out_is_drawn_before_anything_is_chosen() -> None:
    case = toy.shop(200, 5)
    worth = toy.worth(case)
    one = plan_contacts(case, SelectionSettings(), worth)
    other = plan_contacts(case, SelectionSettings(budget=5.0, channel_capacity={"phone": 1}), worth)
    keys = ["campaign_id", "customer_id", "stratum", "probability"]
    pd.testing.assert_frame_equal(one.holdout[keys], other.holdout[keys])
    assert one.holdout["would_be_chosen"].sum() > other.holdout["would_be_chosen"].sum()


def test_those_who_would_be_chosen_are_worth_it_at_the_prices(plan: ContactPlan) -> None:
    held = plan.pairs[plan.pairs["is_held"]]
    columns = plan.audience.campaigns["campaign_id"].tolist()
    price = pd.Series(plan.limits["price"].to_numpy() @ plan.use, index=columns)
    left = held["net"] - held["campaign_id"].map(price)
    assert (left[held["would_be_chosen"]] > 0).all()
    alone = ~held["customer_id"].isin(plan.contact_list["customer_id"]) & ~held["customer_id"].duplicated(
        keep=False
    )
    others = plan.pairs[(plan.pairs["closed"] == "") & (plan.pairs["net"] > 0)]["customer_id"].value_counts()
    single = alone & (held["customer_id"].map(others).fillna(0) <= 1)
    assert (held.loc[single, "would_be_chosen"] == (left[single] > 0)).all()


def test_the_draw_is_stratified_seeded_and_of_known_probability() -> None:
    rng = np.random.default_rng(0)
    pairs = pd.DataFrame(
        {
            "campaign_id": "K1",
            "customer_id": [f"C{k:04d}" for k in range(900)],
            "segment": np.repeat(["home", "trade", "rare"], [600, 295, 5]),
            "value": rng.normal(size=900),
        }
    )
    drawn = draw_holdout(pairs, share=0.2, strata=("segment", "value"), seed=7)
    by = drawn.groupby("stratum")["is_held"].agg(["size", "sum"])
    assert (by["sum"] == np.ceil(0.2 * by["size"] - 1e-9)).all()
    assert by["size"].min() >= 2
    np.testing.assert_allclose(drawn["probability"], drawn["stratum"].map(by["sum"] / by["size"]))
    order = rng.permutation(900)
    again = draw_holdout(pairs.iloc[order], share=0.2, strata=("segment", "value"), seed=7)
    pd.testing.assert_series_equal(again["is_held"].sort_index(), drawn["is_held"])
    other = draw_holdout(pairs, share=0.2, strata=("segment", "value"), seed=8)
    assert (other["is_held"] != drawn["is_held"]).mean() > 0.2


def test_every_customer_is_held_out_equally_often() -> None:
    pairs = pd.DataFrame(
        {"campaign_id": "K1", "customer_id": [f"C{k}" for k in range(40)], "segment": "home", "value": 1.0}
    )
    draws = [draw_holdout(pairs, share=0.25, strata=(), seed=seed)["is_held"] for seed in range(80)]
    share = np.mean(draws, axis=0)
    assert np.abs(share - 0.25).max() < 4.5 * np.sqrt(0.25 * 0.75 / 80)


def test_everyone_left_out_has_a_reason(plan: ContactPlan) -> None:
    assert set(plan.suppressed["reason"]) <= set(REASONS)
    assert len(plan.suppressed) + len(plan.contact_list) == len(plan.pairs)
    poor = plan.pairs[plan.pairs["reason"] == "value below cost"]
    assert (poor["net"] <= 0).all()
    assert {"no consent", "suppression list", "held out", "channel full"} <= set(plan.suppressed["reason"])


def test_names_and_addresses_stand_in_the_contact_export_alone(plan: ContactPlan) -> None:
    listed = contact_export(plan)
    assert listed.loc[listed["channel"] == "email", "phone"].isna().all()
    assert listed.loc[listed["channel"] == "phone", "email"].isna().all()
    assert listed.loc[listed["channel"] == "email", "email"].notna().all()
    for frame in (plan.contact_list, plan.holdout, plan.suppressed):
        assert not {"name", "email", "phone"} & set(frame)


def test_the_plan_is_worth_more_than_simpler_rules(plan: ContactPlan) -> None:
    ids = plan.audience.personal["customer_id"]
    score = pd.DataFrame({"customer_id": ids, "score": np.arange(len(ids), dtype=float)})
    table = compare_baselines(plan, {"RFM top": score})
    assert table["rule"].tolist() == ["the plan", "contact everyone allowed", "RFM top"]
    assert (table["gain"].iloc[1:] > 0).all()
    assert (table["cost"] <= TIGHT.money + 1e-9).all()
    assert table["wasted"].iloc[0] == 0
    said = " ".join(say_baselines(table))
    assert "more than the 2 simpler rules" in said
    assert "nothing over" not in said
    assert "by the same model" in say_everyone(table)
    assert say_everyone(table.head(1)) == ""
    with pytest.raises(ParameterError, match="RFM top"):
        compare_baselines(plan, {"RFM top": score.drop(columns="score")})


def test_limits_that_are_not_full_are_said_to_hold_nothing_back(plan: ContactPlan) -> None:
    loose = plan.limits[np.isfinite(plan.limits["limit"])].assign(price=0.0)
    for number, words in ((1, "The only limit"), (2, "No limit holds the plan back: widening any of the 2")):
        assert say_prices(replace(plan, limits=loose.head(number)))[0].startswith(words)
    assert "nothing to price" in say_prices(replace(plan, limits=loose.head(0)))[0]


def test_the_budget_curve_rises_and_goes_through_the_plan(plan: ContactPlan) -> None:
    curve = trace_budget(plan, (0.5, 1.0, 2.0))
    assert curve.points["net"].is_monotonic_increasing
    assert curve.points.loc[curve.points["budget"] == 30.0, "net"].item() == pytest.approx(curve.net)


def test_sentences_say_what_is_there(plan: ContactPlan) -> None:
    said = " ".join([*say_plan(plan), *say_prices(plan), say_suppressed(plan)])
    assert f"{plan.totals['contacts']:,.0f} contacts" in said
    assert "K1 (Tools)" in said
    assert "held out at random" in said


def test_a_case_without_planned_campaigns_contacts_nobody() -> None:
    case = toy.shop(5)
    case = case.with_tables(campaigns=case.table("campaigns").head(1))
    plan = plan_contacts(case, TIGHT, toy.worth(case).head(0))
    assert (len(plan.contact_list), plan.bound, plan.gap) == (0, 0.0, 0.0)
    assert "nobody to contact" in say_plan(plan)[0]
    assert trace_budget(plan).points["net"].eq(0).all()
    assert check_contact_plan(check_tables(plan), case).passed
    assert compare_baselines(plan)["contacts"].eq(0).all()


def test_who_a_running_campaign_has_drawn_keeps_the_arm() -> None:
    case = toy.shop(30)
    drawn = pd.DataFrame({"campaign_id": "K1", "customer_id": ["C0001"], "arm": "control"})
    plan = plan_contacts(case.with_tables(contacts=drawn), SelectionSettings(), toy.worth(case))
    row = plan.pairs.query("campaign_id == 'K1' and customer_id == 'C0001'").iloc[0]
    assert row["closed"] in {"already in the campaign", "no consent", "no address", "suppression list"}


def test_a_plan_can_be_kept_on_disk(plan: ContactPlan) -> None:
    again = pickle.loads(pickle.dumps(plan))
    pd.testing.assert_frame_equal(again.contact_list, plan.contact_list)


def test_a_worth_that_does_not_fit_is_refused_with_all_findings() -> None:
    case = toy.shop(5)
    worth = toy.worth(case)
    wrong = pd.concat([worth, worth.head(1)], ignore_index=True).assign(customer_id="X9")
    wrong.loc[0, "value"] = np.nan
    with pytest.raises(
        ParameterError, match=r"customer that the case does not have.*come twice.*finite value"
    ):
        plan_contacts(case, SelectionSettings(), wrong)
    with pytest.raises(ParameterError, match="no column units"):
        plan_contacts(case, SelectionSettings(), worth.drop(columns="units"))


def test_settings_that_cannot_be_meant_are_refused_at_once() -> None:
    with pytest.raises(ParameterError) as error:
        SelectionSettings(
            budget=-1.0,
            channel_capacity={"fax": 3, "phone": -2},
            rest_days=-1,
            holdout_share=1.5,
            strata=("age",),
            least_value=-1.0,
            time_limit=0.0,
        )
    for word in (
        "'budget'",
        "'fax'",
        "of phone",
        "'rest_days'",
        "'holdout_share'",
        "'age'",
        "'least_value'",
        "'time_",
    ):
        assert word in str(error.value)


def test_contacts_drawn_after_the_day_are_not_seen_on_it() -> None:
    case = toy.shop()
    listed = case.table("campaigns").replace({"status": {"planned": "past"}})
    people = case.table("customers")["customer_id"]
    later = pd.DataFrame({"campaign_id": "K3", "customer_id": people, "arm": "control", "sent": False})
    seen = case.with_tables(campaigns=listed, contacts=later)
    worth, day = toy.worth(case), toy.LAST_DAY
    found = plan_contacts(seen, SelectionSettings(), worth, day)
    assert "already in the campaign" not in set(found.pairs["closed"])
    before = plan_contacts(seen.with_tables(contacts=later.iloc[:0]), SelectionSettings(), worth, day)
    pd.testing.assert_frame_equal(found.holdout, before.holdout)
    assert check_contact_plan(check_tables(found), seen, day).passed
