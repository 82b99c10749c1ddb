"""Commands of `planbook` that are longer than a few lines, one module each; `helpers.cli` gathers them."""
