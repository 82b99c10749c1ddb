"""What to hold, buy, move and run down: the week's plan of stock, and the textbook's policies behind it."""

from helpers.inventory.checks.inventory_plan import check_inventory_plan
from helpers.inventory.comparison import Comparison, Gain
from helpers.inventory.echelons.compare import EchelonComparison, compare_echelons
from helpers.inventory.future_loss import ExpectedLoss, expected_loss
from helpers.inventory.outlook import Outlook, draw_demand, look_ahead
from helpers.inventory.plan import plan_inventory
from helpers.inventory.policies.capacitated import CapacitatedPlan, lot_sizes_capacitated
from helpers.inventory.policies.discounts import quantity_discount
from helpers.inventory.policies.guaranteed_service import GuaranteedService, guaranteed_service
from helpers.inventory.policies.joint import JointReplenishment, joint_replenishment
from helpers.inventory.policies.lead_time_demand import (
    GammaDemand,
    LeadTimeDemand,
    NegativeBinomialDemand,
    NormalDemand,
    PoissonDemand,
    SampledDemand,
    mean_over,
    sd_over,
)
from helpers.inventory.policies.lot_size import LotSize, economic_order_quantity
from helpers.inventory.policies.lot_sizing import LotSizes, lot_sizes
from helpers.inventory.policies.min_max import MinMaxPolicy, min_max_policy
from helpers.inventory.policies.newsvendor import BaseStock, newsvendor
from helpers.inventory.policies.periodic import base_stock_policy
from helpers.inventory.policies.reorder_point import (
    ReorderPointPolicy,
    reorder_point_policy,
    reorder_point_policy_poisson,
)
from helpers.inventory.policies.serial import SerialPolicy, serial_base_stock
from helpers.inventory.policies.service import (
    Exposure,
    ServicePolicy,
    reorder_points_by_cost,
    reorder_points_for_target,
    service_of,
)
from helpers.inventory.policy import Policy, recommend_policy
from helpers.inventory.result import InventoryPlan
from helpers.inventory.scenario import service_scenarios
from helpers.inventory.settings import InventorySettings, three_rates
from helpers.inventory.supply.lead_times import LeadTimes, LeadTimeSettings, measure_lead_times

__all__ = [
    "BaseStock",
    "CapacitatedPlan",
    "Comparison",
    "EchelonComparison",
    "ExpectedLoss",
    "Exposure",
    "Gain",
    "GammaDemand",
    "GuaranteedService",
    "InventoryPlan",
    "InventorySettings",
    "JointReplenishment",
    "LeadTimeDemand",
    "LeadTimeSettings",
    "LeadTimes",
    "LotSize",
    "LotSizes",
    "MinMaxPolicy",
    "NegativeBinomialDemand",
    "NormalDemand",
    "Outlook",
    "PoissonDemand",
    "Policy",
    "ReorderPointPolicy",
    "SampledDemand",
    "SerialPolicy",
    "ServicePolicy",
    "base_stock_policy",
    "check_inventory_plan",
    "compare_echelons",
    "draw_demand",
    "economic_order_quantity",
    "expected_loss",
    "guaranteed_service",
    "joint_replenishment",
    "look_ahead",
    "lot_sizes",
    "lot_sizes_capacitated",
    "mean_over",
    "measure_lead_times",
    "min_max_policy",
    "newsvendor",
    "plan_inventory",
    "quantity_discount",
    "recommend_policy",
    "reorder_point_policy",
    "reorder_point_policy_poisson",
    "reorder_points_by_cost",
    "reorder_points_for_target",
    "sd_over",
    "serial_base_stock",
    "service_of",
    "service_scenarios",
    "three_rates",
]
