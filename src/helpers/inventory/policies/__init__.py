"""The textbook's policies, for one item or for thousands at once."""
