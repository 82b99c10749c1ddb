"""Campaigns are experiments: randomised as designed, with effects that differ between people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers.contract.sample import make_sample
from helpers.contract.sample.settings import generators, sample_size
from helpers.contract.sample.world import make_world


@pytest.fixture(scope="module")
def answers(default: Any) -> Any:
    keys = ["campaign_id", "customer_id"]
    contacts = default.tables["contacts"].merge(
        default.truth["campaign_effects"], on=keys, validate="one_to_one"
    )
    return contacts.merge(default.tables["campaigns"], on="campaign_id", validate="many_to_one")


def test_eight_campaigns_are_past_and_two_are_planned(default: Any) -> None:
    campaigns = default.tables["campaigns"]
    assert campaigns["status"].value_counts().to_dict() == {"past": 8, "planned": 2}
    probabilities = campaigns.loc[campaigns["status"] == "past", "treatment_probability"].tolist()
    assert probabilities == [0.6] * 4 + [0.85] * 4
    planned = campaigns.loc[campaigns["status"] == "planned", "campaign_id"]
    assert not default.tables["contacts"]["campaign_id"].isin(planned).any()


def test_the_treated_share_is_what_the_design_says(answers: Any) -> None:
    for _, rows in answers.groupby("campaign_id"):
        chance, count = rows["treatment_probability"].iloc[0], len(rows)
        limit = 4 * np.sqrt(chance * (1 - chance) / count)  # eight binomial tests, four deviations each
        assert (rows["arm"] == "treated").mean() == pytest.approx(chance, abs=limit)


def test_the_draw_does_not_know_the_customer(answers: Any) -> None:
    """The true control response is the same in both arms, within four standard errors."""
    for _, rows in answers.groupby("campaign_id"):
        by_arm = rows.groupby("arm")["control_probability"].agg(["mean", "var", "size"])
        error = np.sqrt((by_arm["var"] / by_arm["size"]).sum())
        assert abs(by_arm.loc["treated", "mean"] - by_arm.loc["control", "mean"]) < 4 * error + 1e-9


def test_only_those_with_consent_are_in_an_audience(default: Any, answers: Any) -> None:
    customers = default.tables["customers"].drop_duplicates("customer_id").set_index("customer_id")
    for channel, consent in (
        ("email", "consent_email"),
        ("phone", "consent_phone"),
        ("visit", "consent_visit"),
    ):
        audience = answers.loc[answers["channel"] == channel, "customer_id"]
        assert customers.loc[audience, consent].all()


def test_controls_are_listed_and_never_sent(answers: Any) -> None:
    controls = answers[answers["arm"] == "control"]
    assert len(controls) > 0
    assert not controls[["sent", "opened", "clicked"]].any().any()
    assert controls["sent_at"].isna().all()
    assert (answers["clicked"] <= answers["opened"]).all()


def test_uplift_differs_between_people_and_tires_with_contacts(answers: Any) -> None:
    reachable = answers[answers["control_probability"] > 0]
    uplift = reachable["treated_probability"] - reachable["control_probability"]
    mean = uplift.groupby(reachable["uplift_class"]).mean()
    assert mean["persuadable"] > 0.1
    assert abs(mean["sure thing"]) < 0.02
    assert abs(mean["lost cause"]) < 0.02
    assert mean["sleeping dog"] < -0.03
    persuadable = reachable["uplift_class"] == "persuadable"
    by_contacts = uplift[persuadable].groupby(reachable["earlier_contacts"]).mean()
    assert by_contacts.is_monotonic_decreasing
    assert len(by_contacts) >= 3


def test_observed_answers_show_the_true_uplift(answers: Any) -> None:
    rate = answers.groupby(["uplift_class", "arm"])["responded"].agg(["mean", "size"])
    for kind, sign in (("persuadable", 1), ("sleeping dog", -1)):
        treated, control = rate.loc[(kind, "treated")], rate.loc[(kind, "control")]
        error = np.sqrt(sum(arm["mean"] * (1 - arm["mean"]) / arm["size"] for arm in (treated, control)))
        assert sign * (treated["mean"] - control["mean"]) > 2 * error


def test_campaign_lines_belong_to_treated_customers_and_their_window(
    clean_default: dict[str, Any],
) -> None:
    orders = clean_default["orders"].dropna(subset=["campaign_id"])
    assert len(orders) > 200
    rows = orders.merge(clean_default["contacts"], on=["campaign_id", "customer_id"], validate="many_to_one")
    assert len(rows) == len(orders)
    assert (rows["arm"] == "treated").all()
    assert rows["responded"].all()
    rows = rows.merge(clean_default["campaigns"], on="campaign_id", validate="many_to_one")
    assert rows["order_date"].between(rows["start"], rows["end"]).all()
    assert (rows["discount"] >= rows["offer_discount"]).all()


def test_a_world_without_messages_has_no_campaign_lines() -> None:
    world = make_world(sample_size("tiny"), generators(0))
    assert not world.campaigns.log.campaign
    assert make_sample(0, "tiny").tables["orders"]["campaign_id"].notna().any()
