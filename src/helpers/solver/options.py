"""What a solve may be told, checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.errors import ParameterError

_OWN = {
    "time_limit": "time_limit",
    "mip_rel_gap": "gap",
    "random_seed": "seed",
    "threads": "threads",
}


@dataclass(frozen=True)
class SolveOptions:
    """Settings of `solve`.

    Parameters
    ----------
    time_limit
        Seconds after which the solver stops, with or without a plan; always finite.
    gap
        Relative gap at which a plan with integers is good enough, (objective − bound) ÷ objective.
    seed
        Seed of the solver's tie-breaking, 0 … 2³¹ − 1.
    threads
        Threads of the solver.
    more
        Other options of HiGHS by their names. A name that HiGHS does not know is refused.

    Raises
    ------
    ParameterError
        For a value out of its bounds, or an option that does not exist.
    """

    time_limit: float
    gap: float
    seed: int = 0
    threads: int = 1
    more: Mapping[str, bool | int | float | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, low, high in _BOUNDS:
            value = getattr(self, name)
            if not low <= value <= high:
                raise ParameterError(f"{name}: {value} is not between {low:g} and {high:g}.")
        object.__setattr__(self, "more", dict(self.more))
        _check_more(self.more)


_BOUNDS = (
    ("time_limit", 0.001, 30 * 86_400),
    ("gap", 0.0, 1.0),
    ("seed", 0, 2**31 - 1),
    ("threads", 1, 256),
)


def _check_more(more: Mapping[str, object]) -> None:
    if not more:
        return
    import pulp  # noqa: F401  (loads the library of highspy in its own way, so it has to come first)

    # isort: split
    import highspy

    trial: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy has no types
    trial.setOptionValue("output_flag", False)
    for name, value in more.items():
        if name in _OWN:
            raise ParameterError(f"solver option {name!r}: say {_OWN[name]}= instead.")
        if trial.getOptionType(name)[0] != highspy.HighsStatus.kOk:
            raise ParameterError(f"solver option {name!r} does not exist.{_nearest(name)}")
        if trial.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise ParameterError(f"solver option {name!r}: HiGHS does not take {value!r}.")


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    import highspy

    known = [option for option in dir(highspy.HighsOptions()) if not option.startswith("_")]
    close = get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else " The HiGHS documentation lists all of them."
