"""Stock in several stages at once: where in a network to hold it, against each stage on its own."""
