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

__all__ = [
    "claim_accuracy_by_class",
    "claim_calibration",
    "claim_forecast_total",
    "claim_override_value",
    "claim_promotion_lift",
    "describe_accuracy_by_class",
    "describe_calibration",
    "describe_forecast_total",
    "describe_order_coverage",
    "describe_override_value",
    "describe_promotion_lift",
    "plot_accuracy_by_class",
    "plot_calibration",
    "plot_forecast_total",
    "plot_order_coverage",
    "plot_override_value",
    "plot_promotion_lift",
]
