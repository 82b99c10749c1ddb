"""One figure per file, one claim per figure, colours by meaning from `style`."""

from helpers.figures.accuracy_by_class import (
    claim_accuracy_by_class,
    describe_accuracy_by_class,
    plot_accuracy_by_class,
)
from helpers.figures.calibration import claim_calibration, describe_calibration, plot_calibration
from helpers.figures.forecast_total import (
    claim_forecast_total,
    describe_forecast_total,
    plot_forecast_total,
)
from helpers.figures.lead_time_drift import claim_lead_times, describe_lead_times, plot_lead_times
from helpers.figures.network_map import claim_network_map, describe_network_map, plot_network_map
from helpers.figures.order_coverage import describe_order_coverage, plot_order_coverage
from helpers.figures.override_value import (
    claim_override_value,
    describe_override_value,
    plot_override_value,
)
from helpers.figures.promotion_lift import (
    claim_promotion_lift,
    describe_promotion_lift,
    plot_promotion_lift,
)
from helpers.figures.purchase_curve import claim_purchase_curve, describe_purchase_curve, plot_purchase_curve
from helpers.figures.route_map import claim_route_map, describe_route_map, plot_route_map
from helpers.figures.service_cash import claim_service_cash, describe_service_cash, plot_service_cash
from helpers.figures.storage_ahead import claim_storage_ahead, describe_storage_ahead, plot_storage_ahead

__all__ = [
    "claim_accuracy_by_class",
    "claim_calibration",
    "claim_forecast_total",
    "claim_lead_times",
    "claim_network_map",
    "claim_override_value",
    "claim_promotion_lift",
    "claim_purchase_curve",
    "claim_route_map",
    "claim_service_cash",
    "claim_storage_ahead",
    "describe_accuracy_by_class",
    "describe_calibration",
    "describe_forecast_total",
    "describe_lead_times",
    "describe_network_map",
    "describe_order_coverage",
    "describe_override_value",
    "describe_promotion_lift",
    "describe_purchase_curve",
    "describe_route_map",
    "describe_service_cash",
    "describe_storage_ahead",
    "plot_accuracy_by_class",
    "plot_calibration",
    "plot_forecast_total",
    "plot_lead_times",
    "plot_network_map",
    "plot_order_coverage",
    "plot_override_value",
    "plot_promotion_lift",
    "plot_purchase_curve",
    "plot_route_map",
    "plot_service_cash",
    "plot_storage_ahead",
]
