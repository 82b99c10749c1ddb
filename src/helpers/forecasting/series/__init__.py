"""Any table of series, of any frequency: the public door `forecast_series` and its methods."""
