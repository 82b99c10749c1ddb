"""One boosted model over all series, with drivers known ahead."""
