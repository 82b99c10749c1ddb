"""The plan check of the transport plan: rules over exports and tables, without any code that plans."""
