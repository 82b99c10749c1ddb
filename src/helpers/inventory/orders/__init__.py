"""What to order from whom, for which site and week, within the limits that all share."""
