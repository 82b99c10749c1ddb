"""What was wanted, and what explains it: history, repair, season, promotions, launches and ends."""
