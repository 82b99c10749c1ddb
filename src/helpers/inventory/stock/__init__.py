"""What the stock is like: classes, KPIs, risk of running out."""
