"""Whom to contact, with what, through which channel, whom to leave alone, and what it is worth."""
