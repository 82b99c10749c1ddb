"""Shares and the net promoter score, each with its interval, and shrunk where answers are few.

share     p = x/n          Wilson (1927), "Probable inference, the law of succession":
          (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) ÷ (1 + z²/n)
nps       s = (promoters − detractors)/n; three answers added, ¾ promoter, ¾ detractor, 1½ neither,
          s ± z √((a + b − s²)/(n + 3)) with a, b the shares of both so adjusted (adjusted Wald;
          Rocks 2016, "Interval estimation for the net promoter score", The American Statistician 70)
few       s_i = (Σ answers + k · s_segment) ÷ (n_i + k)      k answers' worth of the segment
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

PROMOTER, DETRACTOR = 9.0, 6.0
PRIOR_ANSWERS = 5.0


def wilson(hits: Floats, count: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the limits of Wilson's interval of hits ÷ count; 0 to 1 where nothing was counted.

    Examples
    --------
    >>> low, high = wilson(np.array([1.0]), np.array([10.0]), 0.95)
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.0179, 0.4042)
    """
    z2 = float(ndtri((1 + level) / 2)) ** 2
    n = np.maximum(count, 1e-12)
    share = hits / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    empty = count <= 0
    return np.where(empty, 0.0, np.maximum(middle - half, 0)), np.where(
        empty, 1.0, np.minimum(middle + half, 1)
    )


def nps_sign(score: pd.Series[float]) -> Floats:
    """Return 1 for a promoter (9 or 10), −1 for a detractor (0 to 6), 0 for the others."""
    values = score.to_numpy(float)
    return np.where(values >= PROMOTER, 1.0, np.where(values <= DETRACTOR, -1.0, 0.0))


def nps_interval(sign: Floats, level: float) -> tuple[float, float, float]:
    """Return net promoter score, low and high of some answers, −1 to 1; nan without answers."""
    n = len(sign)
    if n == 0:
        return float("nan"), -1.0, 1.0
    above, below = ((sign == 1).sum() + 0.75) / (n + 3), ((sign == -1).sum() + 0.75) / (n + 3)
    middle = above - below
    half = float(ndtri((1 + level) / 2)) * np.sqrt((above + below - middle**2) / (n + 3))
    return float(sign.mean()), float(max(middle - half, -1)), float(min(middle + half, 1))


def nps_by_customer(answers: pd.DataFrame, segment: pd.Series[str], level: float) -> pd.DataFrame:
    """Return the score of each customer who answered, shrunk towards the segment.

    Parameters
    ----------
    answers
        customer_id and score.
    segment
        Segment by customer_id.
    level
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        By customer_id: answers, nps, nps_low, nps_high.
    """
    rows = answers.dropna(subset=["score"])
    rows = rows.assign(sign=nps_sign(rows["score"]), segment=rows["customer_id"].map(segment).fillna("all"))
    whole = float(rows["sign"].mean()) if len(rows) else 0.0
    by_segment = rows.groupby("segment")["sign"].agg(["sum", "count"])
    mean = (by_segment["sum"] + PRIOR_ANSWERS * whole) / (by_segment["count"] + PRIOR_ANSWERS)
    own = rows.groupby("customer_id").agg(
        total=("sign", "sum"), answers=("sign", "count"), segment=("segment", "first")
    )
    prior = own["segment"].map(mean).astype(float)
    weight = own["answers"] + PRIOR_ANSWERS
    score = (own["total"] + PRIOR_ANSWERS * prior) / weight
    spread = float(rows["sign"].var(ddof=0)) if len(rows) > 1 else 1.0
    half = float(ndtri((1 + level) / 2)) * np.sqrt(max(spread, 0.05) / weight)
    return pd.DataFrame(
        {
            "answers": own["answers"],
            "nps": score,
            "nps_low": (score - half).clip(lower=-1),
            "nps_high": (score + half).clip(upper=1),
        }
    )
