"""The planners' word: overrides in the forecast, and what they were worth."""
