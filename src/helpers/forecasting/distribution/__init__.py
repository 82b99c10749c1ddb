"""From a mean to quantiles and sample paths, calibrated on the back-test."""
