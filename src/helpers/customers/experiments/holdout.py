"""How many customers to hold out: what a hold-out costs, and what it teaches.

    cost(h)  = N h · max(m, 0)                     margin not earned from those held out
    worth(h) = M · ( E[max(X, 0)] − max(m, 0) ),   X ~ N(m, r²),   r² = τ⁴ / (τ² + s(h)²)
    s(h)²    = σ² / (N h (1 − h))

Before the campaign the effect per contact (cost of the contact taken off) is believed to be N(m, τ²). After
it, M further contacts of this kind are sent only if they are then expected to pay: worth(h) is what that
choice is expected to bring. The recommended share has the largest worth(h) − cost(h); beside it stands the
share that shows the least interesting effect with the wanted power, where any does.
Source: Raiffa, Schlaifer, Applied Statistical Decision Theory, 1961, ch. 5 (expected value of sample
information); Feit, Berman, Test & Roll, Marketing Science 2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.customers.experiments.arms import Floats
from helpers.customers.experiments.power import holdout_needed, power_of, smallest_effect
from helpers.errors import ParameterError

STEP = 0.05
SIZES = (500, 1000, 2000, 5000)


@dataclass(frozen=True)
class Belief:
    """What is believed of the effect before the campaign, per contact and after its cost.

    Parameters
    ----------
    effect, sd
        m and τ, money.
    future_contacts
        M: contacts of this kind that the result will decide on.
    """

    effect: float = 0.0
    sd: float = 1.0
    future_contacts: float = 0.0


@dataclass(frozen=True, eq=False)
class HoldoutDesign:
    """Shares that may be held out of one campaign.

    Parameters
    ----------
    shares
        share, held_out (customers), smallest_effect (shown with the wanted power), power (to show the least
        interesting effect), cost (margin not earned), worth (of what is learnt), net = worth − cost.
    recommended
        Share with the largest net; the smallest of them where several are equal.
    share_needed
        Smallest share that shows the least interesting effect; NaN where half is not enough.
    campaigns_needed
        Campaigns like this one, at the recommended share, that show it together.
    least_effect, sd, audience, belief, power, level
        As given; sd per customer.
    """

    shares: pd.DataFrame
    recommended: float
    share_needed: float
    campaigns_needed: int
    least_effect: float
    sd: float
    audience: int
    belief: Belief
    power: float
    level: float

    @property
    def row(self) -> pd.Series:
        """The recommended row of `shares`."""
        return self.shares.iloc[int((self.shares["share"] - self.recommended).abs().argmin())]


def design_holdout(  # noqa: PLR0913 - a door for outside use: all but two have defaults
    audience: int,
    *,
    least_effect: float,
    sd: float | None = None,
    base_rate: float | None = None,
    belief: Belief | None = None,
    power: float = 0.8,
    level: float = 0.95,
    bounds: tuple[float, float] = (0.05, 0.5),
) -> HoldoutDesign:
    """Weigh what each share held out costs against what it teaches.

    Parameters
    ----------
    audience
        N: customers who could be contacted.
    least_effect
        Least interesting effect per contact, in the unit of `sd` (a share with `base_rate`).
    sd
        σ of the outcome between customers; or
    base_rate
        share that responds without a message: σ = √(p (1 − p)).
    belief
        By default nothing is known: mean 0, standard deviation `least_effect`, and the result decides on as
        many contacts again.
    power, level
        In (0, 1).
    bounds
        Least and most share that may be held out.

    Raises
    ------
    ParameterError
        An audience below 2, neither or both of sd and base_rate, values out of bounds.

    Examples
    --------
    >>> design = design_holdout(5000, base_rate=0.10, least_effect=0.03)
    >>> round(design.share_needed, 2)
    0.2
    """
    if (sd is None) == (base_rate is None) or audience < 2 or not 0 < bounds[0] <= bounds[1] <= 0.5:
        raise ParameterError(
            "design_holdout needs an audience of 2 or more, either sd or base_rate, and bounds that rise "
            f"within (0, 0.5]; got audience {audience}, sd {sd}, base_rate {base_rate}, bounds {bounds}."
        )
    spread = math.sqrt(max(base_rate * (1 - base_rate), 0.0)) if base_rate is not None else float(sd or 0.0)
    if not spread > 0:
        raise ParameterError(f"design_holdout: the outcome does not vary (sd {spread}). Pass an sd above 0.")
    known = belief or Belief(0.0, least_effect, audience)
    low, high = bounds
    share = np.unique(np.append(np.arange(low, high - 1e-9, STEP), high))
    table = _shares(share, audience, (spread, least_effect), known, (power, level))
    net = table["net"].to_numpy()
    best = float(table["share"].to_numpy()[np.argmax(net >= net.max() - 1e-9 * max(1.0, abs(net.max())))])
    together = (smallest_effect(audience, best, spread, power=power, level=level) / least_effect) ** 2
    return HoldoutDesign(
        table,
        best,
        holdout_needed(audience, spread, least_effect, power=power, level=level),
        max(1, math.ceil(together - 1e-9)),
        least_effect,
        spread,
        audience,
        known,
        power,
        level,
    )


def holdouts_by_size(design: HoldoutDesign, audiences: Sequence[int] = SIZES) -> pd.DataFrame:
    """Return the same design for other audiences: what more customers would let be seen.

    Parameters
    ----------
    design
        Its outcome, belief, power and bounds are kept.
    audiences
        Customers, each 2 or more.

    Returns
    -------
    pandas.DataFrame
        audience, recommended_share, held_out, smallest_effect, power, share_needed (NaN where half is not
        enough), campaigns_needed, cost, worth; money per campaign.
    """
    bounds = float(design.shares["share"].min()), float(design.shares["share"].max())
    rows = []
    for audience in audiences:
        other = design_holdout(
            audience,
            least_effect=design.least_effect,
            sd=design.sd,
            belief=design.belief,
            power=design.power,
            level=design.level,
            bounds=bounds,
        )
        rows.append(
            other.row.drop(["share", "net"]).to_dict()
            | {
                "audience": audience,
                "recommended_share": other.recommended,
                "share_needed": other.share_needed,
                "campaigns_needed": other.campaigns_needed,
            }
        )
    names = ["audience", "recommended_share", "held_out", "smallest_effect", "power", "share_needed"]
    table = pd.DataFrame(rows, columns=[*names, "campaigns_needed", "cost", "worth"])
    return table.astype({"audience": "int64", "held_out": "int64", "campaigns_needed": "int64"})


def _shares(
    share: Floats,
    audience: int,
    scale: tuple[float, float],
    belief: Belief,
    sureness: tuple[float, float],
) -> pd.DataFrame:
    sd, least = scale
    power, level = sureness
    s = sd / np.sqrt(audience * share * (1 - share))
    cost = audience * share * max(belief.effect, 0.0)
    worth = belief.future_contacts * _worth(belief.effect, belief.sd, s)
    return pd.DataFrame(
        {
            "share": share,
            "held_out": np.round(audience * share).astype("int64"),
            "smallest_effect": [smallest_effect(audience, h, sd, power=power, level=level) for h in share],
            "power": [power_of(least, audience, h, sd, level) for h in share],
            "cost": cost,
            "worth": worth,
            "net": worth - cost,
        }
    )


def _worth(mean: float, sd: float, error: Floats) -> Floats:
    """Return E[max(X, 0)] − max(m, 0): what knowing more brings per further contact."""
    from scipy import stats

    r = np.asarray(sd**2 / np.sqrt(sd**2 + error**2))
    safe = np.where(r > 0, r, 1.0)
    gain = safe * stats.norm.pdf(mean / safe) - abs(mean) * stats.norm.sf(abs(mean) / safe)
    return np.asarray(np.where(r > 0, np.maximum(gain, 0.0), 0.0), dtype="float64")
