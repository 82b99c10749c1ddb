"""One row per customer: what they bought, asked, allowed; their segment, and who moved."""

from helpers.customers.base.customer_base import CustomerBase, read_customer_base, say_base
from helpers.customers.base.movements import (
    SegmentMovements,
    movement_matrix,
    movements_since,
    say_movements,
    segment_movements,
)

__all__ = [
    "CustomerBase",
    "SegmentMovements",
    "movement_matrix",
    "movements_since",
    "read_customer_base",
    "say_base",
    "say_movements",
    "segment_movements",
]
