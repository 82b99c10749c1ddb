"""Past campaigns of a small shop: checked, measured, and turned into the worth of the planned one."""

from __future__ import annotations

import pickle
from functools import cache

import pandas as pd
import pytest
from tests.customers.uplift.campaign_world import shop, tables

from helpers.contract.load import case_from_tables
from helpers.customers.history import CampaignHistory, read_history
from helpers.customers.uplift.classes import CLASSES
from helpers.customers.uplift.measure import measure_uplift
from helpers.customers.uplift.result import BY_CLASSES, Uplift
from helpers.customers.uplift.sentences import say_checks, say_effects, say_groups, say_method, say_verdict
from helpers.customers.uplift.settings import UpliftSettings
from helpers.customers.uplift.worth import contact_worth
from helpers.figures.qini_curve import describe_qini_curve, plot_qini_curve
from helpers.figures.uplift_groups import describe_uplift_groups, plot_uplift_groups

QUICK = UpliftSettings(folds=2, bases=("simple",), draws=10)


@cache
def history() -> CampaignHistory:
    return read_history(shop())


@cache
def measured() -> Uplift:
    return measure_uplift(history(), shop(), QUICK)


@cache
def worth() -> pd.DataFrame:
    return contact_worth(measured(), history(), shop(), QUICK)


def test_a_campaign_whose_held_out_customers_were_reached_is_left_out_and_named() -> None:
    campaigns = measured().campaigns.set_index("campaign_id")
    assert campaigns["is_used"].tolist() == [True] * 5 + [False]
    assert campaigns.loc["K5", "why_not"] == "held-out customers were reached"
    assert "K5 is left out: held-out customers were reached." in say_checks(measured())
    assert "K5" not in set(measured().rows["campaign_id"])


def test_the_effect_of_a_campaign_is_the_difference_of_its_arms() -> None:
    rows = history().past.query("campaign_id == 'K0'")
    arms = rows.groupby("treated")["bought"].mean()
    found = measured().campaigns.iloc[0]
    assert found["effect"] == pytest.approx(arms[True] - arms[False])
    assert found["low"] < found["effect"] < found["high"]


def test_the_probabilities_of_the_groups_add_up() -> None:
    odds = measured().customers[list(CLASSES)]
    assert odds.sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert measured().groups["customers"].sum() == pytest.approx(len(odds))


def test_classes_see_customers_apart_and_predict_the_planned_campaign() -> None:
    assert measured().method == BY_CLASSES
    kind = worth()["customer_id"].str[1:].astype(int) % 4
    uplift = worth()["uplift"].groupby(kind).mean()
    assert uplift[0] > max(uplift[1], uplift[2]) > uplift[3]


def test_value_is_margin_gained_less_what_is_given_away_and_lost() -> None:
    rows = worth()
    p0, p1, m = rows["control_probability"], rows["treated_probability"], rows["answer_margin"]
    expected = p1 * (m - rows["given_away"]) - p0 * m - rows["lost_later"]
    assert rows["value"].to_numpy() == pytest.approx(expected.to_numpy())
    assert ((rows["value_low"] <= rows["value"]) & (rows["value"] <= rows["value_high"])).all()
    assert m.mean() == pytest.approx(20.0, rel=0.15)  # two drills, 20 of revenue and 10 of cost each
    assert rows["given_away"].mean() == pytest.approx(4.0, rel=0.15)
    assert len(rows) == len(history().planned)
    assert rows["reason"].str.len().gt(0).all()
    adds = rows["reason"].str.contains("yet a contact adds")
    assert rows.loc[adds, "value"].gt(0).all()
    assert not (rows["reason"].isin(["buys anyway", "buys less after messages"]) & rows["value"].gt(0)).any()


def test_without_costs_money_is_revenue() -> None:
    bare = tables()
    bare["products"] = bare["products"].assign(unit_cost=float("nan"))
    rows = contact_worth(measured(), history(), case_from_tables(bare, "no costs"), QUICK)
    assert rows["answer_margin"].mean() == pytest.approx(40.0, rel=0.15)


def test_without_clean_campaigns_nothing_is_claimed() -> None:
    none = CampaignHistory(history().campaigns, history().past.head(0), history().planned, history().until)
    uplift = measure_uplift(none, shop(), QUICK)
    rows = contact_worth(uplift, none, shop(), QUICK)
    assert uplift.verdict == "not yet knowable"
    assert rows["value"].isna().all()
    assert set(rows["reason"]) == {"not yet knowable: no clean campaign"}
    assert "not yet knowable" in say_verdict(uplift)
    assert say_groups(uplift)
    assert "no evidence" in say_method(uplift)
    assert "not yet knowable" in describe_uplift_groups(uplift)


def test_one_campaign_falls_back_to_the_learners_and_leaves_the_groups_open() -> None:
    past = history().past
    one = CampaignHistory(
        history().campaigns,
        past[past["campaign_id"] == "K2"].reset_index(drop=True),
        history().planned,
        history().until,
    )
    uplift = measure_uplift(one, shop(), QUICK)
    assert uplift.classes is None
    assert uplift.method.endswith("simple")
    rows = contact_worth(uplift, one, shop(), QUICK)
    assert rows["value"].notna().all()
    assert (rows["lost_later"] == 0).all()
    assert "not yet knowable" in say_groups(uplift)[0]


def test_without_planned_campaigns_there_is_no_row() -> None:
    none = CampaignHistory(history().campaigns, history().past, history().planned.head(0), history().until)
    assert contact_worth(measured(), none, shop(), QUICK).empty


def test_the_result_can_be_kept_on_disk_and_twice_is_the_same() -> None:
    again = pickle.loads(pickle.dumps(measured()))
    pd.testing.assert_frame_equal(contact_worth(again, history(), shop(), QUICK), worth())


def test_sentences_and_figures_are_made_of_the_result() -> None:
    uplift = measured()
    assert uplift.score is not None
    assert len(say_effects(uplift)) == len(uplift.campaigns)
    assert str(len(uplift.used)) in say_verdict(uplift)
    assert "Responder classes" in say_method(uplift)
    assert len(say_groups(uplift)) == 3
    assert plot_qini_curve(uplift.score).get_title(loc="left")
    assert "Qini" in describe_qini_curve(uplift.score)
    assert len(plot_uplift_groups(uplift).patches) == 2 * len(CLASSES)
    assert "persuadable" in describe_uplift_groups(uplift)


def test_customers_put_off_from_buying_at_a_loss_are_no_reason_to_write() -> None:
    made = tables()
    dear = made["products"].assign(unit_cost=made["products"]["unit_cost"] * 50)
    case = case_from_tables({**made, "products": dear})
    found = contact_worth(measured(), read_history(case), case, QUICK)
    assert (found["answer_margin"] < 0).any()
    assert (found.loc[found["answer_margin"] < 0, "value"] <= 0).all()


def test_campaigns_before_the_first_order_teach_nothing() -> None:
    made = tables()
    late = made["orders"][made["orders"]["order_date"] >= made["orders"]["order_date"].max()]
    case = case_from_tables({**made, "orders": late})
    found = measure_uplift(read_history(case), case, QUICK)
    assert found.verdict == "not yet knowable"
    assert found.campaigns["why_not"].str.contains("before the first order").all()
