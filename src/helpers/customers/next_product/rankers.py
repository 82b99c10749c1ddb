"""Four ways to rank products for a customer; each gives a score per product, larger is better.

With x_ui = 1 if customer (or basket) u bought i, n_i = Σ_u x_ui, n_ij = Σ_u x_ui x_uj and N rows:

    by basket    s_ij = n_ij / √(n_i n_j) · n_ij / (n_ij + k)          cosine, shrunk by k baskets in common
                 (Sarwar et al. 2001, "Item-based collaborative filtering"; Koren 2008 for the shrinkage)
    by customer  b_ij = −P_ij / P_jj,  P = (XᵀX + λI)⁻¹,  b_ii = 0      what j adds beside all others
                 (Steck 2019, "Embarrassingly shallow autoencoders for sparse data", eq. 8)
    co-purchase  Σ_i w_ui (b_ij + s_ij),  w_ui = 1 + ln(times bought), i ≠ j
    popularity   buyers of j in the customer's segment, by share
    own history  Σ over purchases e^(−days since ÷ 91)              what they bought last and most comes first
    blend        the sum of own history, co-purchase and popularity, each scaled to at most 1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from helpers.customers.next_product.bought import Bought
from helpers.customers.next_product.settings import NextProductSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RANKERS = ("popularity", "own history", "co-purchase", "blend")
FORGETS = 91.0


@dataclass(frozen=True, eq=False)
class Rankers:
    """What is needed to score any block of customers.

    Parameters
    ----------
    likeness
        b + s, shape (products, products), zero on its diagonal.
    popularity
        Share of the buyers by segment, shape (segments, products).
    segment
        Segment number by customer.
    weights, own
        1 + ln(times) and the fading times by customer and product, sparse.
    """

    likeness: Floats
    popularity: Floats
    segment: Ints
    weights: sparse.csr_array
    own: sparse.csr_array

    def score(self, customer: Ints) -> Mapping[str, Floats]:
        """Return the scores of a block of customers by ranker, each of shape (customers, products)."""
        alike = np.asarray(self.weights[customer] @ self.likeness)
        popular = self.popularity[self.segment[customer]]
        own = np.asarray(self.own[customer].toarray())
        tie = 1e-6 * popular  # what is equal is ranked by popularity
        blend = _scaled(own) + _scaled(np.maximum(alike, 0)) + _scaled(popular)
        return {
            "popularity": popular,
            "own history": own + tie,
            "co-purchase": alike + tie,
            "blend": blend + tie,
        }


def fit_rankers(bought: Bought, settings: NextProductSettings) -> Rankers:
    """Learn all rankers from what was bought until `bought.day`.

    Parameters
    ----------
    bought
        Lines; only those of the last `history_days` are used.
    settings
        Shrinkage and ridge.
    """
    recent = bought.within(settings.history_days)
    times = recent.times()
    weights = times.copy()
    weights.data = 1 + np.log(weights.data)
    names, segment = np.unique(bought.customers["segment"].to_numpy(dtype=str), return_inverse=True)
    return Rankers(
        likeness=by_customer(weights, settings.ridge) + by_basket(recent.baskets(), settings.shrinkage),
        popularity=_popularity(_marked(times), segment.astype(np.int64), len(names)),
        segment=segment.astype(np.int64),
        weights=weights,
        own=_fading(recent),
    )


def by_basket(marks: sparse.csr_array, shrinkage: float) -> Floats:
    """Return the shrunk cosine s of each pair of columns, zero on the diagonal.

    Parameters
    ----------
    marks
        0 or 1, shape (baskets, products).
    shrinkage
        k.
    """
    together = np.asarray((marks.T @ marks).toarray(), dtype=np.float64)
    root = np.sqrt(np.maximum(np.diag(together), 1e-12))
    found = together / root[:, None] / root[None, :] * (together / np.maximum(together + shrinkage, 1e-12))
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def by_customer(weights: sparse.csr_array, ridge: float) -> Floats:
    """Return b: how much more of product j goes with each unit of weight in product i, zero on the diagonal.

    Parameters
    ----------
    weights
        X, shape (customers, products).
    ridge
        λ, above zero.
    """
    gram = np.asarray((weights.T @ weights).toarray(), dtype=np.float64)
    inverse = np.linalg.inv(gram + ridge * np.eye(len(gram)))
    found = -inverse / np.diag(inverse)[None, :] if len(gram) else gram
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def _marked(times: sparse.csr_array) -> sparse.csr_array:
    marks = times.copy()
    marks.data = np.ones_like(marks.data)
    return marks


def _popularity(marks: sparse.csr_array, segment: Ints, segments: int) -> Floats:
    """Share of a segment's customers who bought; a small segment is drawn towards all."""
    member = sparse.csr_array(
        (np.ones(len(segment)), (segment, np.arange(len(segment)))), (segments, len(segment))
    )
    buyers = np.asarray((member @ marks).toarray())
    size = np.bincount(segment, minlength=segments).astype(float)[:, None]
    whole = buyers.sum(axis=0, keepdims=True) / max(len(segment), 1)
    return np.asarray((buyers + 20 * whole) / (size + 20))


def _fading(bought: Bought) -> sparse.csr_array:
    lines = bought.lines
    fade = np.exp(-(bought.day - lines["day"].to_numpy(float)) / FORGETS)
    places = (lines["customer"].to_numpy(np.int64), lines["product"].to_numpy(np.int64))
    found = sparse.csr_array((fade, places), shape=bought.shape)
    found.sum_duplicates()
    return found


def _scaled(score: Floats) -> Floats:
    """Bring each customer's scores to at most 1."""
    top = score.max(axis=1, keepdims=True, initial=0.0)
    return np.asarray(score / np.where(top > 0, top, 1.0))
