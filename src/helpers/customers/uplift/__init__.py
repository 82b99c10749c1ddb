"""What messages change: uplift per customer, from campaigns with a held-out share."""
