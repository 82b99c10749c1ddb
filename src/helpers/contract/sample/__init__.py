"""The sample case: one believable reseller, generated from a seed, with its hidden truth kept apart.

Sizes are `tiny` (for tests), `default` (the committed case) and `large` (for measuring).
"""

from helpers.contract.sample.case import Sample, make_sample
from helpers.contract.sample.write import write_sample

__all__ = ["Sample", "make_sample", "write_sample"]
