"""Rules played week by week over many futures, and compared."""
