"""The largest likelihood, and how sharply it peaks.

A model gives the log-likelihood ℓ(θ) and its gradient over θ, the logarithms of its positive parameters. The
search starts from several points on a part of the customers and ends on all of them. Around the peak θ̂ the
parameters are taken as normal (Laplace):

    θ ~ N(θ̂, (H + I/9)⁻¹),   H = −∂²ℓ/∂θ² at θ̂

The 1/9 is a wide normal prior (a factor of e³ either way is one standard deviation): it changes nothing where
the data speak, and keeps parameters that they do not pin down from running away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

type Floats = npt.NDArray[np.float64]
type Score = Callable[[Floats], tuple[float, Floats]]

LEAST, MOST = -9.0, 9.0  # bounds of θ, in units of time that make a typical age 1
PRIOR_PRECISION = 1 / 9
STEP = 1e-4


@dataclass(frozen=True, eq=False)
class Peak:
    """Where the likelihood is largest.

    Parameters
    ----------
    theta
        Logarithms of the parameters.
    value
        The log-likelihood there.
    covariance
        Of θ, by Laplace.
    is_at_bound
        Whether a parameter ran to the bound of the search: the data do not pin it down.
    """

    theta: Floats
    value: float
    covariance: Floats
    is_at_bound: bool


def maximise(score: Score, rough: Score, starts: Sequence[Sequence[float]], customers: float) -> Peak:
    """Return the peak of a log-likelihood.

    Parameters
    ----------
    score
        θ → (log-likelihood, gradient) over all customers.
    rough
        The same over a part of them, for the first search.
    starts
        Points to start from.
    customers
        Number of customers, to scale the tolerance.
    """
    scale = max(customers, 1.0)
    if rough is not score:
        tries = [_climb(rough, np.asarray(start, float), scale) for start in starts]
        starts = [min(tries, key=lambda found: found[0])[1].tolist()]
    ends = [_climb(score, np.asarray(start, float), scale) for start in starts]
    theta = min(ends, key=lambda found: found[0])[1]
    value, _ = score(theta)
    bend = curvature(score, theta)
    at_bound = bool(((theta <= LEAST + 0.01) | (theta >= MOST - 0.01)).any())
    return Peak(theta, value, np.linalg.inv(bend), at_bound)


def curvature(score: Score, theta: Floats) -> Floats:
    """Return −∂²ℓ/∂θ² + I/9, made positive definite."""
    rows = []
    for place in range(len(theta)):
        step = np.zeros(len(theta))
        step[place] = STEP
        rows.append((score(theta - step)[1] - score(theta + step)[1]) / (2 * STEP))
    values, vectors = np.linalg.eigh((np.array(rows) + np.array(rows).T) / 2)
    kept = np.maximum(np.nan_to_num(values), 0.0) + PRIOR_PRECISION
    bend: Floats = (vectors * kept) @ vectors.T
    return bend


def draw_thetas(theta: Floats, covariance: Floats, number: int, rng: np.random.Generator) -> Floats:
    """Return draws of θ, shape (number, parameters), within a factor of e⁴ of the estimate."""
    drawn = rng.multivariate_normal(theta, covariance, size=number, method="eigh")
    return np.clip(drawn, theta - 4, theta + 4)


def _climb(score: Score, start: Floats, scale: float) -> tuple[float, Floats]:
    """Return loss and place of the peak that is climbed from a point.

    Beyond the bounds a wall rises smoothly: BFGS keeps its sense of the slope, and a parameter that the data
    do not pin down stops there. (L-BFGS-B waits for threads of BLAS, on a busy machine for most of its time.)
    """

    def loss(theta: Floats) -> tuple[float, Floats]:
        inside = np.clip(theta, LEAST, MOST)
        value, gradient = score(inside)
        beyond = theta - inside
        return -value / scale + float(beyond @ beyond), np.where(beyond == 0, -gradient / scale, 2 * beyond)

    found = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 300})
    return float(found.fun), np.clip(np.asarray(found.x, float), LEAST, MOST)
