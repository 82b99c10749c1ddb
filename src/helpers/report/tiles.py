"""KPI tiles: name, value with unit, what it stands beside, and its definition on hover or focus.

Each tile carries its figures in `data-` attributes. A page of a run uses them to fill in the
difference to the run before and a sparkline (`helpers.batch.pages`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from helpers.contract.kpis import Kpi
from helpers.report.formats import is_known, number, say, say_difference
from helpers.report.standalone import STANDALONE_STYLE

SINCE_SLOT = '<dd class="pb-since"></dd>'


@dataclass(frozen=True)
class Tiles:
    """A row of KPI tiles that displays itself."""

    kpis: tuple[Kpi, ...]
    baseline: Mapping[str, Kpi] = field(default_factory=dict)
    baseline_name: str = "baseline"
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    digits: int | None = None
    differences: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return "\n".join(self._line(kpi) for kpi in self.kpis)

    def _repr_html_(self) -> str:
        cards = "".join(self._card(kpi, place) for place, kpi in enumerate(self.kpis, 1))
        return f'{STANDALONE_STYLE}<dl class="pb-tiles">{cards}</dl>'

    def _line(self, kpi: Kpi) -> str:
        beside = [self._beside(kpi), self._range(kpi), "" if is_known(kpi.value) else kpi.note]
        extra = "; ".join(part for part in beside if part)
        return f"{kpi.name}: {self._say(kpi, kpi.value)}" + (f" ({extra})" if extra else "")

    def _card(self, kpi: Kpi, place: int) -> str:
        note = "" if is_known(kpi.value) else kpi.note
        parts = [
            ("pb-range", self._range(kpi)),
            ("pb-beside", self._beside(kpi)),
            ("pb-why", note),
        ]
        lines = "".join(f'<dd class="{name}">{escape(text)}</dd>' for name, text in parts if text)
        unknown = "" if is_known(kpi.value) else " pb-unknown"
        return (
            f'<div class="pb-tile" {_attributes(kpi)}>'
            f'<dt><button type="button" class="pb-term" aria-describedby="pb-about-{place}">'
            f"{escape(title_of(kpi.name))}</button></dt>"
            f'<dd class="pb-value{unknown}"><strong>{escape(self._say(kpi, kpi.value))}</strong></dd>'
            f'{lines}{SINCE_SLOT}<dd class="pb-about"><span role="tooltip" id="pb-about-{place}">'
            f"{escape(_about(kpi))}</span></dd></div>"
        )

    def _say(self, kpi: Kpi, value: float | None) -> str:
        signed = kpi.definition.better == "zero"
        if kpi.name in self.differences and value is not None and is_known(value):
            sign = "\N{MINUS SIGN}" if value < 0 else ""
            return sign + say_difference(value, kpi.definition.unit, self.digits)
        return say(value, kpi.definition.unit, self.digits, signed=signed)

    def _beside(self, kpi: Kpi) -> str:
        other = self.baseline.get(kpi.name)
        return f"{self.baseline_name} {self._say(kpi, other.value)}" if other else ""

    def _range(self, kpi: Kpi) -> str:
        if kpi.name not in self.intervals:
            return ""
        low, high = self.intervals[kpi.name]
        return f"{self._say(kpi, low)} to {self._say(kpi, high)}"


def tiles(
    kpis: Sequence[Kpi],
    baseline: Sequence[Kpi] = (),
    *,
    baseline_name: str = "baseline",
    intervals: Mapping[str, tuple[float, float]] | None = None,
    digits: int | None = None,
    differences: Sequence[str] = (),
) -> Tiles:
    """Return KPI tiles.

    Parameters
    ----------
    kpis
        What to show, the most important first.
    baseline
        The same KPIs of what the result is compared with; matched by name.
    baseline_name
        What the baseline is called on the tile ("seasonal naive").
    intervals
        KPI name to the bounds of its interval, in the KPI's unit.
    digits
        Decimals for all tiles; by default what suits each unit.
    differences
        Names of KPIs that are differences of two shares: said in points, not per cent.
    """
    beside = {kpi.name: kpi for kpi in baseline}
    return Tiles(tuple(kpis), beside, baseline_name, dict(intervals or {}), digits, frozenset(differences))


def _attributes(kpi: Kpi) -> str:
    """Return the figures of a tile for the page renderer."""
    value = repr(float(kpi.value)) if kpi.value is not None and is_known(kpi.value) else ""
    target = repr(float(kpi.target)) if kpi.target is not None else ""
    facts = {
        "kpi": kpi.name,
        "value": value,
        "unit": kpi.definition.unit,
        "better": kpi.definition.better,
        "target": target,
    }
    return " ".join(f'data-{key}="{escape(text)}"' for key, text in facts.items())


def title_of(name: str) -> str:
    """Return a KPI's name as a title: a large first letter unless it spells itself (gCO2e, CLV)."""
    return name if any(letter.isupper() for letter in name) else name[:1].upper() + name[1:]


def _about(kpi: Kpi) -> str:
    """Return what the tooltip says: definition, the two sums, window, target and note."""
    parts = [kpi.definition.definition]
    if kpi.numerator is not None and kpi.denominator is not None:
        parts.append(f"{_sum(kpi.numerator)} ÷ {_sum(kpi.denominator)}")
    if kpi.window:
        parts.append(kpi.window)
    if kpi.target is not None:
        parts.append(f"target {say(kpi.target, kpi.definition.unit)}")
    if kpi.note:
        parts.append(kpi.note)
    return ". ".join(part[:1].upper() + part[1:] if part[:1].islower() else part for part in parts) + "."


def _sum(value: float) -> str:
    """Return one of the two sums of a ratio: decimals only where the sum is small."""
    return number(value, 0 if abs(value) >= 100 or float(value).is_integer() else 2)
