"""The customer base: one row per known customer, segments with plain names, movements between them."""
