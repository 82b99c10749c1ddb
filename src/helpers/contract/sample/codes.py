"""Codes in the form of GTIN-13 and GLN, from the range 20 to 29 that is kept for in-house use.

Check digit: (10 − (Σ dᵢ wᵢ mod 10)) mod 10 with weights w = 1, 3, 1, 3, … from the left.
Source: GS1 General Specifications, section 7.9.
"""

from __future__ import annotations

import numpy as np

from helpers.contract.sample.arrays import Texts


def in_house_codes(prefix: str, count: int) -> Texts:
    """Return `count` codes of 13 digits with valid check digits, the same for every seed."""
    width = 12 - len(prefix)
    bodies = [f"{prefix}{(number * 7919) % 10**width:0{width}d}" for number in range(1, count + 1)]
    return np.array([with_check_digit(body) for body in bodies], dtype=object)


def with_check_digit(body: str) -> str:
    """Append the check digit to the first twelve digits of a code."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"
