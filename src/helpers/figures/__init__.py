"""One figure per file, one claim per figure, colours by meaning from `style`."""

from helpers.figures.accuracy_by_class import (
    claim_accuracy_by_class,
    describe_accuracy_by_class,
    plot_accuracy_by_class,
)
from helpers.figures.calibration import claim_calibration, describe_calibration, plot_calibration
from helpers.figures.campaign_effects import (
    claim_campaign_effects,
    describe_campaign_effects,
    plot_campaign_effects,
)
from helpers.figures.carbon_frontier import (
    claim_carbon_frontier,
    describe_carbon_frontier,
    plot_carbon_frontier,
)
from helpers.figures.churn_calibration import (
    claim_churn_calibration,
    describe_churn_calibration,
    plot_churn_calibration,
)
from helpers.figures.cohort_retention import (
    claim_cohort_retention,
    describe_cohort_retention,
    plot_cohort_retention,
)
from helpers.figures.contact_budget import claim_contact_budget, describe_contact_budget, plot_contact_budget
from helpers.figures.experience_effect import (
    claim_experience_effect,
    describe_experience_effect,
    plot_experience_effect,
)
from helpers.figures.flow_map import claim_flow_map, describe_flow_map, plot_flow_map
from helpers.figures.forecast_total import claim_forecast_total, describe_forecast_total, plot_forecast_total
from helpers.figures.held_out_tests import describe_held_out_tests, plot_held_out_tests
from helpers.figures.lane_use import claim_lane_use, describe_lane_use, plot_lane_use
from helpers.figures.lead_time_drift import claim_lead_times, describe_lead_times, plot_lead_times
from helpers.figures.network_map import claim_network_map, describe_network_map, plot_network_map
from helpers.figures.order_coverage import describe_order_coverage, plot_order_coverage
from helpers.figures.override_value import claim_override_value, describe_override_value, plot_override_value
from helpers.figures.promotion_lift import claim_promotion_lift, describe_promotion_lift, plot_promotion_lift
from helpers.figures.purchase_curve import claim_purchase_curve, describe_purchase_curve, plot_purchase_curve
from helpers.figures.qini_curve import claim_qini_curve, describe_qini_curve, plot_qini_curve
from helpers.figures.route_map import claim_route_map, describe_route_map, plot_route_map
from helpers.figures.service_cash import claim_service_cash, describe_service_cash, plot_service_cash
from helpers.figures.storage_ahead import claim_storage_ahead, describe_storage_ahead, plot_storage_ahead
from helpers.figures.transport_replay import (
    claim_transport_replay,
    describe_transport_replay,
    plot_transport_replay,
)
from helpers.figures.uplift_evidence import describe_uplift_evidence, plot_uplift_evidence
from helpers.figures.uplift_groups import claim_uplift_groups, describe_uplift_groups, plot_uplift_groups
from helpers.figures.value_by_decile import (
    claim_value_by_decile,
    describe_value_by_decile,
    plot_value_by_decile,
)
from helpers.figures.whale_curve import claim_whale_curve, describe_whale_curve, plot_whale_curve

__all__ = [
    "claim_accuracy_by_class",
    "claim_calibration",
    "claim_campaign_effects",
    "claim_carbon_frontier",
    "claim_churn_calibration",
    "claim_cohort_retention",
    "claim_contact_budget",
    "claim_experience_effect",
    "claim_flow_map",
    "claim_forecast_total",
    "claim_lane_use",
    "claim_lead_times",
    "claim_network_map",
    "claim_override_value",
    "claim_promotion_lift",
    "claim_purchase_curve",
    "claim_qini_curve",
    "claim_route_map",
    "claim_service_cash",
    "claim_storage_ahead",
    "claim_transport_replay",
    "claim_uplift_groups",
    "claim_value_by_decile",
    "claim_whale_curve",
    "describe_accuracy_by_class",
    "describe_calibration",
    "describe_campaign_effects",
    "describe_carbon_frontier",
    "describe_churn_calibration",
    "describe_cohort_retention",
    "describe_contact_budget",
    "describe_experience_effect",
    "describe_flow_map",
    "describe_forecast_total",
    "describe_held_out_tests",
    "describe_lane_use",
    "describe_lead_times",
    "describe_network_map",
    "describe_order_coverage",
    "describe_override_value",
    "describe_promotion_lift",
    "describe_purchase_curve",
    "describe_qini_curve",
    "describe_route_map",
    "describe_service_cash",
    "describe_storage_ahead",
    "describe_transport_replay",
    "describe_uplift_evidence",
    "describe_uplift_groups",
    "describe_value_by_decile",
    "describe_whale_curve",
    "plot_accuracy_by_class",
    "plot_calibration",
    "plot_campaign_effects",
    "plot_carbon_frontier",
    "plot_churn_calibration",
    "plot_cohort_retention",
    "plot_contact_budget",
    "plot_experience_effect",
    "plot_flow_map",
    "plot_forecast_total",
    "plot_held_out_tests",
    "plot_lane_use",
    "plot_lead_times",
    "plot_network_map",
    "plot_order_coverage",
    "plot_override_value",
    "plot_promotion_lift",
    "plot_purchase_curve",
    "plot_qini_curve",
    "plot_route_map",
    "plot_service_cash",
    "plot_storage_ahead",
    "plot_transport_replay",
    "plot_uplift_evidence",
    "plot_uplift_groups",
    "plot_value_by_decile",
    "plot_whale_curve",
]
