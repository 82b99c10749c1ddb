"""What to offer each customer next, of what can be supplied."""

from helpers.customers.next_product.headlines import say_next_products, say_suggestions, say_test
from helpers.customers.next_product.result import NextProducts
from helpers.customers.next_product.settings import NextProductSettings
from helpers.customers.next_product.suggest import next_products

__all__ = [
    "NextProductSettings",
    "NextProducts",
    "next_products",
    "say_next_products",
    "say_suggestions",
    "say_test",
]
