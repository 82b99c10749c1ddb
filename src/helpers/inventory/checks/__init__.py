"""The plan check of the inventory plan: rules over exports and tables, without any code that plans."""
