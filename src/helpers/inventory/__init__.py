"""How much to hold and when to order: the textbook's policies, exact where the textbook is."""

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

__all__ = [
    "BaseStock",
    "CapacitatedPlan",
    "Exposure",
    "GammaDemand",
    "GuaranteedService",
    "JointReplenishment",
    "LeadTimeDemand",
    "LotSize",
    "LotSizes",
    "MinMaxPolicy",
    "NegativeBinomialDemand",
    "NormalDemand",
    "PoissonDemand",
    "ReorderPointPolicy",
    "SampledDemand",
    "SerialPolicy",
    "ServicePolicy",
    "base_stock_policy",
    "economic_order_quantity",
    "guaranteed_service",
    "joint_replenishment",
    "lot_sizes",
    "lot_sizes_capacitated",
    "mean_over",
    "min_max_policy",
    "newsvendor",
    "quantity_discount",
    "reorder_point_policy",
    "reorder_point_policy_poisson",
    "reorder_points_by_cost",
    "reorder_points_for_target",
    "sd_over",
    "serial_base_stock",
    "service_of",
]
