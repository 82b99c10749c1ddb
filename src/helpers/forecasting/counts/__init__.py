"""Series that sell seldom: one pooled model of when and how much, with exact quantiles of sums."""
