"""Read-outs of made-up campaigns whose true effects are known, and the waste of their contacts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.customers import past_campaigns as made

from helpers.customers.experiments import (
    Belief,
    ReadOut,
    ReadOutSettings,
    compare_arms,
    plan_holdouts,
    read_out,
    say_holdouts,
    say_pooled,
    say_ratio,
    say_read_out,
    say_wasted,
    wasted_messages,
)
from helpers.customers.history import CampaignHistory
from helpers.errors import ParameterError
from helpers.figures.campaign_effects import (
    claim_campaign_effects,
    describe_campaign_effects,
    plot_campaign_effects,
)


@pytest.fixture(scope="module")
def past() -> CampaignHistory:
    return made.history()


@pytest.fixture(scope="module")
def read(past: CampaignHistory) -> ReadOut:
    return read_out(past)


def test_verdicts_are_the_true_ones_and_net_is_after_cost(past: CampaignHistory, read: ReadOut) -> None:
    table = read.campaigns
    assert table["verdict"].tolist() == ["earned", "lost", "lost"]
    rows = past.past[past.past["campaign_id"] == "K01"]
    means = rows.groupby("treated")["margin"].mean()
    assert table["plain_net"].iloc[0] == pytest.approx(means[True] - means[False] - 1.0)
    true = np.array([29.0, -1.0, -31.0])
    assert (table["low"] < true).all()
    assert (table["high"] > true).all()
    assert (table["variance_saved"] > 0.5).all()


def test_all_contacts_together_are_summed_with_their_interval(read: ReadOut) -> None:
    table = read.campaigns
    assert read.earned == pytest.approx(float((table["contacts"] * table["net"]).sum()))
    assert read.kpi.value == pytest.approx(read.earned / table["contacts"].sum())
    assert read.earned_low < read.earned < read.earned_high
    assert read.channels["campaigns"].tolist() == [2, 1]


def test_pooled_effects_differ_and_are_said(read: ReadOut) -> None:
    assert read.verdict == "not yet knowable"
    assert "differ more than chance" in say_pooled(read)
    assert "have the sizes" in say_ratio(read)
    assert "1 clearly earned, 2 clearly lost and 0" in say_read_out(read)


def test_learning_log_has_a_row_in_words_for_each_campaign(read: ReadOut) -> None:
    log = read.learning
    assert log["campaign_id"].tolist() == ["K01", "K02", "K03"]
    assert log["learnt"].iloc[0].startswith("It earned")
    assert "Do not repeat" in log["next"].iloc[2]
    assert "held out" in log["tried"].iloc[1]
    assert not any(log[name].str.contains("nan").any() for name in ("tried", "learnt", "next"))


def test_customers_of_an_unfinished_window_are_read_by_the_sequence(past: CampaignHistory) -> None:
    last = past.past["campaign_id"] == "K03"
    until = dt.date(2026, 3, 20)
    running = replace(past, until=until, past=past.past.assign(is_complete_after=~last))
    row = read_out(running).campaigns.iloc[2]
    done = read_out(past).campaigns.iloc[2]
    assert row["high"] - row["low"] > 1.5 * (done["high"] - done["low"])
    assert row["share_passed"] == pytest.approx(16 / 42)
    found = read_out(running)
    assert len(found.trusted()) == 2
    assert any("still runs" in note for note in found.notes)
    assert "read early" in found.learning["learnt"].iloc[2]


def test_arms_of_another_size_than_the_design_give_no_verdict(past: CampaignHistory) -> None:
    wrong = read_out(made.with_past(past, treatment_probability=0.9))
    assert set(wrong.campaigns["verdict"]) == {"arms are suspect"}
    assert wrong.trusted().empty
    assert wrong.kpi.value is None
    assert "do not have the sizes" in say_ratio(wrong)
    unstated = read_out(made.with_past(past, treatment_probability=np.nan))
    assert "could not be checked" in say_ratio(unstated)
    assert any("No probability of treatment" in note for note in unstated.notes)


def test_without_a_hold_out_nothing_is_knowable_and_said_so(past: CampaignHistory) -> None:
    found = read_out(made.with_past(past, treated=True, treatment_probability=np.nan))
    assert set(found.campaigns["verdict"]) == {"nobody held out"}
    assert "Nobody was ever held out" in say_read_out(found)
    assert "Hold out a random part" in found.learning["next"].iloc[0]
    waste = wasted_messages(made.with_past(past, treated=True))
    assert waste.kpi.value is None
    assert "not yet knowable" in say_wasted(waste)
    assert plan_holdouts(past, found).campaigns["rests_on"].tolist() == ["nothing"]


@pytest.mark.parametrize("customers", [1, 2, 5])
def test_few_customers_are_no_error(customers: int) -> None:
    few = made.history((1.0,), customers)
    found, waste = read_out(few), wasted_messages(few)
    said = [say_read_out(found), say_pooled(found), say_ratio(found), say_wasted(waste)]
    assert not any("nan" in sentence for sentence in [*said, *say_holdouts(plan_holdouts(few, found))])
    plot_campaign_effects(found)


def test_no_campaign_is_no_error() -> None:
    none = made.history(())
    found, waste = read_out(none), wasted_messages(none)
    assert found.campaigns.empty
    assert found.learning.empty
    assert "No campaign has run yet" in say_read_out(found)
    assert waste.groups.empty
    assert "not yet knowable" in say_wasted(waste)
    assert describe_campaign_effects(found).endswith("No campaign has run yet.")
    plot_campaign_effects(found)


def test_held_out_customers_who_got_the_message_are_told(past: CampaignHistory) -> None:
    found = read_out(made.with_past(past, sent=True))
    assert any("Held-out customers got the message in K01, K02, K03" in note for note in found.notes)


def test_equal_outcomes_give_no_verdict(past: CampaignHistory) -> None:
    found = read_out(made.with_past(past, margin=0.0, offer_margin=0.0, bought=False))
    assert set(found.campaigns["verdict"]) == {"not yet knowable"}
    assert found.trusted().empty
    assert "too few customers, or none bought" in found.learning["learnt"].iloc[0]


def test_waste_is_high_where_campaigns_lose_and_low_where_they_earn() -> None:
    for effects, low, high in (((30.0, 30.0, 30.0), 0.0, 0.05), ((-30.0, -30.0, -30.0), 0.95, 1.0)):
        waste = wasted_messages(made.history(effects))
        assert low <= waste.rate <= high
        assert waste.kpi.numerator == pytest.approx(waste.rate * waste.contacts)
        assert waste.left_out == 0
    assert waste.kept == pytest.approx(31 * waste.contacts, rel=0.1)
    assert waste.kept_low < waste.kept < waste.kept_high
    assert len(waste.clear()) == len(waste.groups)


def test_groups_are_measured_as_arms_and_drawn_together(past: CampaignHistory) -> None:
    waste = wasted_messages(past)
    row = waste.groups.iloc[0]
    rows = past.past[
        (past.past["campaign_id"] == row["campaign_id"]) & (past.past["segment"] == row["group"])
    ]
    before = rows[list(ReadOutSettings().before)[: len(rows) // 30]]
    slow = compare_arms(rows["margin"], rows["treated"], before=before).best
    assert (row["measured"], row["standard_error"]) == pytest.approx((slow.effect, slow.standard_error))
    assert int(waste.groups["contacts"].sum()) == int(past.past["treated"].sum())


def test_numbers_are_cut_into_thirds_and_small_groups_put_together(past: CampaignHistory) -> None:
    waste = wasted_messages(past, ReadOutSettings(group="margin_before"))
    assert set(waste.groups["group"]) == {"lowest third", "middle third", "highest third"}
    place = np.arange(len(past.past)) % 600
    rare = pd.Series(np.select([place < 20, place < 40], ["rare", "odd"], "usual"), name="kind")
    assert set(wasted_messages(past, group=rare).groups["group"]) == {"usual", "others"}
    with pytest.raises(ParameterError, match="no column 'colour'"):
        wasted_messages(past, ReadOutSettings(group="colour"))
    with pytest.raises(ParameterError, match="group has 3 rows"):
        wasted_messages(past, group=pd.Series([1, 2, 3]))


def test_hold_out_of_a_planned_campaign_rests_on_its_channel(past: CampaignHistory, read: ReadOut) -> None:
    plan = plan_holdouts(past, read, audience={"K99": 5000})
    row = plan.campaigns.iloc[0]
    assert (row["audience"], row["rests_on"]) == (5000, "email")
    assert row["held_out"] == pytest.approx(5000 * row["recommended_share"])
    assert say_holdouts(plan)[0].startswith("K99, if everyone else were contacted: hold out")
    sure = plan_holdouts(past, read, beliefs={"K99": Belief(50.0, 0.1, 100)})
    assert sure.campaigns["recommended_share"].iloc[0] == pytest.approx(0.05)
    assert sure.campaigns["cost"].iloc[0] > 0


def test_figure_claims_what_the_read_out_found(read: ReadOut) -> None:
    axes = plot_campaign_effects(read)
    assert axes.get_title(loc="left") == claim_campaign_effects(read)
    assert claim_campaign_effects(read) == "Of 3 campaigns, 1 clearly earned and 2 clearly lost"
    assert "K01" in describe_campaign_effects(read)
    open_one = read.campaigns.assign(verdict=["earned", "lost", "not yet knowable"])
    claim = claim_campaign_effects(replace(read, campaigns=open_one))
    assert claim == "Of 3 campaigns, 1 clearly earned and 1 clearly lost; 1 stays open"
    assert axes.get_yticklabels()[-1].get_text() == "mean campaign"


def test_two_runs_are_the_same(past: CampaignHistory) -> None:
    first, second = wasted_messages(past), wasted_messages(past)
    pd.testing.assert_frame_equal(first.groups, second.groups)
    assert (first.rate_low, first.kept_high) == (second.rate_low, second.kept_high)


def test_all_wrong_settings_are_said_at_once() -> None:
    with pytest.raises(ParameterError, match=r"primary is sales.*level is 2"):
        ReadOutSettings(primary="sales", level=2)
