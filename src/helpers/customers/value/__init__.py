"""What customers are worth: buying models, lifetime value, its calibration, retention, core customers."""
