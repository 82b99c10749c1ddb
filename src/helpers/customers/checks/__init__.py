"""Checks of what the customers' rooms hand out, from exports and tables of the case alone."""

from helpers.customers.checks.contact_plan import check_contact_plan

__all__ = ["check_contact_plan"]
