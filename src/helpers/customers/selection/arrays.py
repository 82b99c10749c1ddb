"""Campaign selection for arrays: whom to contact with which offer under budget, channels and stock.

    maximise    Σ_nk (v_nk − c_k) x_nk
    subject to  Σ_nk c_k x_nk ≤ budget
                Σ_n Σ_{k in channel j} x_nk ≤ capacity_j,   Σ_n x_nk ≤ stock_k
                Σ_k x_nk ≤ max_per_customer,   x_nk ∈ {0, 1}, 0 where the pair is not eligible

Up to about 20,000 pairs worth choosing the whole-number model is solved, up to about 200,000 the linear
relaxation with repair, above that the Lagrangian dual with repair. Each gives a proven bound and gap, and
what one unit more of each row would earn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.customers.number_arrays import is_number, read_flags, read_numbers
from helpers.customers.selection.program import Flags, Floats, Programme
from helpers.customers.selection.solving import SelectOptions, solve_programme
from helpers.errors import ParameterError


@dataclass(frozen=True, eq=False)
class SelectionPrices:
    """What one unit more of each row would earn, money.

    Parameters
    ----------
    budget
        Per unit of money.
    channel
        Per contact of each channel (c,).
    stock
        Per contact that the stock of each offer allows (k,).
    """

    budget: float
    channel: Floats
    stock: Floats


@dataclass(frozen=True, eq=False)
class ContactSelection:
    """Who is contacted with what.

    Parameters
    ----------
    chosen
        Flags (n, k).
    value
        Σ (value − cost) of what is chosen, money.
    bound
        No plan under the same rows earns more: proven, money.
    gap
        (bound − value) ÷ value.
    prices
        What one unit more of each row would earn.
    method
        `milp`, `lp` or `dual`.
    status
        `optimal`, `within the gap asked` or `stopped early, with a plan`.
    seconds
        Wall-clock.
    """

    chosen: Flags
    value: float
    bound: float
    gap: float
    prices: SelectionPrices
    method: str
    status: str
    seconds: float


def select_contacts(  # noqa: PLR0913  (the door for arrays: one argument per quantity of the model)
    value: npt.ArrayLike,
    cost: npt.ArrayLike,
    *,
    budget: float | None,
    channel: npt.ArrayLike,
    channel_capacity: npt.ArrayLike,
    offer_stock: npt.ArrayLike | None = None,
    eligible: npt.ArrayLike | None = None,
    max_per_customer: int = 1,
    seed: int = 0,
    method: str = "auto",
    gap: float = 1e-4,
    time_limit: float = 60.0,
) -> ContactSelection:
    """Choose contacts that earn most under budget, channel capacities and stock.

    Parameters
    ----------
    value
        v (n, k): expected incremental margin of contacting customer n with offer k, before its cost, money.
    cost
        c (k,): money per contact, 0 or more.
    budget
        Money for all contacts; None or infinite: no limit.
    channel
        (k,): number of the channel of each offer, from 0.
    channel_capacity
        (c,): contacts per channel; infinite where unlimited. A part of a contact is none.
    offer_stock
        (k,): contacts that the stock of each offer allows; infinite where unlimited. None: all unlimited.
    eligible
        (n, k): consent, hold-out, caps; None: all. The values of closed pairs are not looked at.
    max_per_customer
        Contacts per customer.
    seed
        Of the solver, the sample and the order among customers that are worth the same.
    method
        `auto`, or one of `milp`, `lp`, `dual`.
    gap
        Relative gap at which the search may end.
    time_limit
        Seconds.

    Returns
    -------
    ContactSelection
        chosen (n, k), value, bound, gap, prices, method, status. A pair that earns no more than it costs is
        never chosen.

    Raises
    ------
    ParameterError
        For arguments that do not fit, all findings at once.

    Examples
    --------
    >>> found = select_contacts(
    ...     [[9.0, 5.0], [8.0, 6.0], [2.0, 1.0]], [1.0, 1.0],
    ...     budget=10.0, channel=[0, 1], channel_capacity=[1, 5],
    ... )
    >>> found.chosen.astype(int).tolist(), found.value
    ([[1, 0], [0, 1], [0, 0]], 13.0)
    """
    arrays = _read(value, cost, channel, channel_capacity, offer_stock, eligible)
    findings = [*arrays.findings(), *_wrong_numbers(budget, max_per_customer)]
    try:
        options = SelectOptions(method, gap, time_limit, seed)
    except ParameterError as wrong:
        findings.append(str(wrong))
    if findings:
        raise ParameterError("select_contacts: " + " ".join(findings))
    use, limit = arrays.rows(np.inf if budget is None else float(budget))
    programme = Programme(arrays.value, arrays.cost, arrays.eligible, use, limit, max_per_customer)
    found = solve_programme(programme, options)
    channels = len(arrays.channel_capacity)
    prices = SelectionPrices(
        budget=float(found.row_prices[0]),
        channel=found.row_prices[1 : 1 + channels],
        stock=found.row_prices[1 + channels :],
    )
    return ContactSelection(
        chosen=found.chosen,
        value=found.value,
        bound=found.bound,
        gap=found.gap,
        prices=prices,
        method=found.method,
        status=found.status,
        seconds=found.seconds,
    )


@dataclass(frozen=True, eq=False)
class _Arrays:
    """The arguments as arrays."""

    value: npt.NDArray[np.floating]
    cost: Floats
    channel: Floats
    channel_capacity: Floats
    offer_stock: Floats
    eligible: Flags | None

    def findings(self) -> list[str]:
        """Return what does not fit, in words."""
        if self.value.ndim != 2:
            return [f"'value' has {self.value.ndim} dimensions. Give customers × offers."]
        said = [*self._wrong_shapes(), *self._wrong_amounts()]
        return said or [*self._wrong_channels(), *self._wrong_values()]

    def rows(self, budget: float) -> tuple[Floats, Floats]:
        """Return use (r, k) and limit (r,): budget, channels, stock."""
        offers = len(self.cost)
        kinds = np.arange(len(self.channel_capacity))
        of_channel = (self.channel[None, :] == kinds[:, None]).astype(np.float64)
        use = np.vstack([self.cost[None, :], of_channel, np.eye(offers)])
        capacity, stock = (_whole(limit) for limit in (self.channel_capacity, self.offer_stock))
        return use, np.concatenate([[budget], capacity, stock])

    def _wrong_shapes(self) -> list[str]:
        offers = self.value.shape[1]
        given = {"cost": self.cost, "channel": self.channel, "offer_stock": self.offer_stock}
        said = [
            f"'{name}' has the shape {given[name].shape}, but 'value' has {offers} offers. Give ({offers},)."
            for name in given
            if given[name].shape != (offers,)
        ]
        if self.channel_capacity.ndim != 1:
            said.append("'channel_capacity' is not one number per channel.")
        if self.eligible is not None and self.eligible.shape != self.value.shape:
            said.append(
                f"'eligible' has the shape {self.eligible.shape}, 'value' {self.value.shape}. Give the same."
            )
        return said

    def _wrong_amounts(self) -> list[str]:
        finite = {"cost": self.cost, "channel": self.channel}
        counted = {"channel_capacity": self.channel_capacity, "offer_stock": self.offer_stock}
        wrong = {name: ~(np.isfinite(amount) & (amount >= 0)) for name, amount in finite.items()}
        wrong |= {name: ~(amount >= 0) for name, amount in counted.items()}
        return [
            f"'{name}' has {int(flags.sum())} entries that are negative or no number (first: at "
            f"{int(np.argmax(flags))}). Give 0 or more."
            for name, flags in wrong.items()
            if flags.any()
        ]

    def _wrong_channels(self) -> list[str]:
        channels = len(self.channel_capacity)
        wrong = (self.channel != np.floor(self.channel)) | (self.channel >= channels)
        if not wrong.any():
            return []
        return [
            f"'channel' of offer {int(np.argmax(wrong))} is {self.channel[wrong][0]:g}, but there are "
            f"{channels} channel capacities. Number channels from 0."
        ]

    def _wrong_values(self) -> list[str]:
        """Only open pairs are looked at; chunk by chunk, for millions."""
        wrong, first = 0, ""
        for start in range(0, len(self.value), 1 << 17):
            part = ~np.isfinite(self.value[start : start + (1 << 17)])
            if self.eligible is not None:
                part &= self.eligible[start : start + (1 << 17)]
            if part.any() and not wrong:
                row, offer = np.argwhere(part)[0]
                first = f"customer {start + row}, offer {offer}"
            wrong += int(part.sum())
        if not wrong:
            return []
        return [
            f"'value' has {wrong} entries that are NaN or infinite (first: {first}). Give money, or close "
            "these pairs by 'eligible'."
        ]


def _read(
    value: npt.ArrayLike,
    cost: npt.ArrayLike,
    channel: npt.ArrayLike,
    channel_capacity: npt.ArrayLike,
    offer_stock: npt.ArrayLike | None,
    eligible: npt.ArrayLike | None,
) -> _Arrays:
    """Return the arguments as arrays, float32 values as they are."""
    amounts = np.asarray(value)
    if amounts.dtype not in (np.float32, np.float64):
        amounts = _numbers(amounts, "value")
    costs = _numbers(cost, "cost")
    stock = np.full(costs.shape, np.inf) if offer_stock is None else _numbers(offer_stock, "offer_stock")
    return _Arrays(
        value=amounts,
        cost=costs,
        channel=_numbers(channel, "channel"),
        channel_capacity=_numbers(channel_capacity, "channel_capacity"),
        offer_stock=stock,
        eligible=None if eligible is None else read_flags("eligible", eligible),
    )


def _numbers(values: npt.ArrayLike, name: str) -> Floats:
    return read_numbers(**{name: values})[0]


def _wrong_numbers(budget: float | None, most: int) -> list[str]:
    said = []
    if budget is not None and not (is_number(budget) and budget >= 0):
        said.append(f"'budget' is {budget}. Give money, 0 or more, or None for no limit.")
    if not (is_number(most) and 1 <= most < np.inf and int(most) == most):
        said.append(f"'max_per_customer' is {most}. Give a whole number of 1 or more.")
    return said


def _whole(limit: Floats) -> Floats:
    """A part of a contact is none; 2.9999999999 is meant as 3."""
    return np.floor(limit + 1e-9)
