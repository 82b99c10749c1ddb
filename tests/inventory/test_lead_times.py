"""Lead times from purchase orders and receipts."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from helpers.contract.case import Case
from helpers.contract.load import case_from_tables
from helpers.errors import ParameterError
from helpers.inventory.supply.deliveries import delivery_lines
from helpers.inventory.supply.lead_time_drift import drift
from helpers.inventory.supply.lead_times import LeadTimes, LeadTimeSettings, measure_lead_times
from helpers.inventory.supply.pooling import between_variance, fit_censored, shrink, survival_quantiles

START = pd.Timestamp("2025-01-06")
CUTOFF = pd.Timestamp("2026-01-19")  # the company's last order


def buying(
    company: dict[str, pd.DataFrame], days: list[float], *, promised: float = 10.0, part: float = 1.0
) -> Case:
    """Return the company with a purchase order of 100 units a week, received after these days (NaN: not)."""
    ordered = START + pd.to_timedelta(7 * np.arange(len(days)), unit="D")
    numbers = [f"PO{number:03d}" for number in range(len(days))]
    arrival = ordered + pd.to_timedelta(pd.Series(days).to_numpy(), unit="D")
    came = np.asarray(arrival.notna() & (arrival <= CUTOFF))
    lines = pd.DataFrame(
        {
            "po_id": numbers,
            "line": 1,
            "supplier_id": "S-A",
            "site_id": "S01",
            "product_id": "A-17",
            "quantity": 100.0,
            "order_date": ordered,
            "due_date": ordered + timedelta(days=promised),
            "status": np.where(came & (part == 1.0), "closed", "confirmed"),
        }
    )
    receipts = pd.DataFrame(
        {
            "receipt_id": [f"R{number}" for number in range(len(days))],
            "po_id": numbers,
            "po_line": 1,
            "date": arrival,
            "quantity": 100.0 * part,
        }
    )[came]
    terms = pd.DataFrame(
        {"supplier_id": ["S-A"], "product_id": ["A-17"], "unit_cost": [9.0], "lead_time_days": [promised]}
    )
    return case_from_tables(
        {
            **company,
            "suppliers": pd.DataFrame({"supplier_id": ["S-A"], "name": ["Acme"]}),
            "purchase_orders": lines,
            "receipts": receipts,
            "supply_terms": terms.assign(site_id=None),
        }
    )


def measured_mean(measured: LeadTimes) -> float:
    return float(measured.table["mean_days"].iloc[0])


def test_first_nearly_all_and_last_receipt_are_told_apart(company: dict[str, pd.DataFrame]) -> None:
    case = buying(company, [5.0])
    receipts = pd.DataFrame(
        {
            "receipt_id": ["a", "b", "c"],
            "po_id": "PO000",
            "po_line": 1,
            "date": START + pd.to_timedelta([5, 9, 20], unit="D"),
            "quantity": [60.0, 35.0, 5.0],
        }
    )
    line = delivery_lines(case.replace(receipts=receipts)).iloc[0]
    assert line[["first_days", "nearly_all_days", "last_days"]].tolist() == [5.0, 9.0, 20.0]


def test_line_closed_short_counts_to_its_last_receipt_and_an_open_one_stays_open(
    company: dict[str, pd.DataFrame],
) -> None:
    case = buying(company, [8.0], part=0.5)
    half_open = delivery_lines(case).iloc[0]
    closed = case.table("purchase_orders").assign(status="closed")
    half_closed = delivery_lines(case.replace(purchase_orders=closed)).iloc[0]
    assert (half_open["is_finished"], half_open["open_units"]) == (False, 50.0)
    assert np.isnan(half_open["nearly_all_days"])
    assert (half_closed["nearly_all_days"], half_closed["open_units"]) == (8.0, 0.0)


def test_steady_supplier_is_measured_as_it_delivers(company: dict[str, pd.DataFrame]) -> None:
    days = [12.0, 14.0, 16.0, 14.0] * 12
    measured = measure_lead_times(buying(company, days))
    row = measured.table.iloc[0]
    assert row["mean_days"] == pytest.approx(14.0, abs=0.1)
    assert row["ratio_low"] < 1.4 < row["ratio_high"]
    assert not measured.suppliers.loc[0, "has_drifted"]
    assert measured.suppliers.loc[0, "on_time_due"] == 0.0
    late_by = measured.promised_against_measured().loc[0, "late_by"]
    assert late_by == pytest.approx(row["mean_days"] - 10.0)


def test_step_in_lead_time_is_called_a_drift_and_followed(company: dict[str, pd.DataFrame]) -> None:
    noise = np.random.default_rng(0).normal(0, 1.0, 52).round()
    days = (np.where(np.arange(52) < 26, 10.0, 20.0) + noise).tolist()
    measured = measure_lead_times(buying(company, days))
    assert measured.suppliers.loc[0, "has_drifted"]
    assert measured.table.loc[0, "mean_days"] == pytest.approx(20.0, abs=1.0)


def test_noise_is_called_a_drift_at_most_at_its_level() -> None:
    rng = np.random.default_rng(1)
    frames = []
    for supplier in range(300):
        days = rng.lognormal(2.5, 0.3, 104)
        frames.append(
            pd.DataFrame(
                {
                    "supplier_id": f"S{supplier:03d}",
                    "po_id": [f"{supplier}-{order}" for order in range(104)],
                    "log_ratio": np.log(days / 12),
                    "days": days,
                    "is_open": False,
                    "age_days": 7.0 * np.arange(104) + 1,
                }
            )
        )
    found = drift(pd.concat(frames))
    assert found["p_value"].notna().all()
    assert (found["p_value"] < 0.05).mean() == pytest.approx(0.05, abs=0.04)
    assert not found["has_drifted"].any()


def test_shut_down_is_a_disruption_and_not_the_usual_lead_time(company: dict[str, pd.DataFrame]) -> None:
    days = [10.0, 11.0, 9.0, 10.0] * 12
    days[20], days[21] = 60.0, 53.0
    usual = measure_lead_times(buying(company, days))
    kept = measure_lead_times(buying(company, days), LeadTimeSettings(keep_disruptions=True))
    assert usual.disruptions["po_id"].tolist() == ["PO020", "PO021"]
    assert usual.table.loc[0, "mean_days"] == pytest.approx(10.0, abs=0.1)
    assert measured_mean(kept) > 11.0


def test_order_open_far_beyond_the_usual_is_late_and_lengthens_the_estimate(
    company: dict[str, pd.DataFrame],
) -> None:
    days = [10.0, 11.0, 9.0, 10.0] * 12
    without = measure_lead_times(buying(company, days))
    late = measure_lead_times(buying(company, [*days, float("nan")]))
    line = late.open_lines.iloc[0]
    assert (line["po_id"], line["is_late"], line["chance_so_late"]) == ("PO048", True, 0.0)
    assert line["expected_date"] > CUTOFF
    assert late.cells.days.mean() > without.cells.days.mean()


def test_product_never_bought_inherits_its_suppliers_lateness(company: dict[str, pd.DataFrame]) -> None:
    case = buying(company, [15.0, 14.0, 16.0] * 16)
    terms = case.table("supply_terms")
    other = terms.assign(product_id="B-20", lead_time_days=20.0)
    measured = measure_lead_times(case.replace(supply_terms=pd.concat([terms, other])))
    row = measured.table.set_index("product_id").loc["B-20"]
    assert row["source"] == "pooled"
    assert row["mean_days"] == pytest.approx(30.0, rel=0.02)


def test_company_without_purchase_orders_has_no_lead_times(company: dict[str, pd.DataFrame]) -> None:
    measured = measure_lead_times(case_from_tables(company))
    keys = pd.DataFrame({"product_id": ["A-17"], "site_id": ["S01"]})
    assert np.isnan(measured.sample(keys, 3)).all()
    assert measured.summary()["lines measured"] == 0


def test_samples_follow_the_measured_distribution_and_the_seed(company: dict[str, pd.DataFrame]) -> None:
    measured = measure_lead_times(buying(company, [12.0, 14.0, 16.0, 14.0] * 12))
    keys = pd.DataFrame({"product_id": ["A-17", "B-20"], "site_id": "S01"})
    drawn = measured.sample(keys, 20_000, seed=3)
    assert drawn[0].mean() == pytest.approx(measured.table.loc[0, "mean_days"], abs=0.05)
    assert np.isnan(drawn[1]).all()
    assert np.array_equal(drawn, measured.sample(keys, 20_000, seed=3), equal_nan=True)


def test_censored_fit_finds_what_cutting_off_hides() -> None:
    rng = np.random.default_rng(0)
    true, limit = rng.normal(1.0, 0.5, 40_000), rng.uniform(0, 2, 40_000)
    is_open = true > limit
    fit = fit_censored(np.minimum(true, limit), is_open, np.ones(40_000))
    assert fit.mean == pytest.approx(1.0, abs=0.02)
    assert fit.sd == pytest.approx(0.5, abs=0.02)
    assert true[~is_open].mean() < 0.8


def test_censored_fit_is_where_the_likelihood_is_greatest() -> None:
    from scipy import optimize, stats

    values = np.array([0.1, 0.4, 0.5, 0.9, 0.7, 0.2])
    is_open = np.array([False, False, True, False, True, False])

    def minus_log(at: np.ndarray) -> float:
        law = stats.norm(at[0], np.exp(at[1]))
        return -float(law.logpdf(values[~is_open]).sum() + law.logsf(values[is_open]).sum())

    best = optimize.minimize(minus_log, np.array([0.5, -1.0]), method="Nelder-Mead", tol=1e-12).x
    fit = fit_censored(values, is_open, np.ones(6))
    assert fit.mean == pytest.approx(best[0], abs=1e-4)
    assert fit.sd == pytest.approx(np.exp(best[1]), abs=1e-4)


def test_kaplan_meier_is_the_product_of_what_stays() -> None:
    # Seen at 1, 2, 4; open at 3 (2 of 4 still there): S = 3/4, 1/2, then 0. Middles: 1/8, 3/8, 3/4.
    values, is_open = np.array([4.0, 3.0, 1.0, 2.0]), np.array([False, True, False, False])
    found = survival_quantiles(values, is_open, np.ones(4), np.array([0.125, 0.375, 0.75]))
    assert found.tolist() == pytest.approx([1.0, 2.0, 4.0])


def test_between_variance_matches_the_textbook_sum() -> None:
    mean, variance = np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.2, 0.4])
    # a = 10, 5, 2.5, centre 30/17.5; Q = 10*.5102 + 5*.0816 + 2.5*5.2245 = 18.5714,
    # C = 17.5 − 131.25/17.5 = 10
    assert between_variance(mean, variance) == pytest.approx((18.571428571 - 2) / 10)


def test_shrinking_trusts_a_group_by_its_data() -> None:
    drawn = shrink(np.array([2.0, np.nan, 2.0]), np.array([1.0, np.inf, 1e9]), np.ones(3), np.zeros(3), 1.0)
    assert drawn.mean.tolist() == pytest.approx([1.5, 1.0, 1.0], abs=1e-6)


def test_settings_name_everything_wrong_at_once() -> None:
    with pytest.raises(ParameterError, match=r"'rule' is 'middle'.*'half_life_days' is 0"):
        LeadTimeSettings(rule="middle", half_life_days=0.0)  # type: ignore[arg-type]  # wrong on purpose
