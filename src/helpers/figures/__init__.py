"""One figure per file, one claim per figure, colours by meaning from `style`."""

from helpers.figures.accuracy_by_class import (
    claim_accuracy_by_class,
    describe_accuracy_by_class,
    plot_accuracy_by_class,
)
from helpers.figures.coverage import claim_coverage, describe_coverage, plot_coverage
from helpers.figures.forecast_total import (
    claim_forecast_total,
    describe_forecast_total,
    plot_forecast_total,
)
from helpers.figures.order_coverage import describe_order_coverage, plot_order_coverage

__all__ = [
    "claim_accuracy_by_class",
    "claim_coverage",
    "claim_forecast_total",
    "describe_accuracy_by_class",
    "describe_coverage",
    "describe_forecast_total",
    "describe_order_coverage",
    "plot_accuracy_by_class",
    "plot_coverage",
    "plot_forecast_total",
    "plot_order_coverage",
]
