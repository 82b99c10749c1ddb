"""Sentences of the data check page, made from the result."""

from __future__ import annotations

from datetime import date

from helpers.contract.readiness import GO, STOP, Readiness

VERDICTS = {
    "go": "These data can carry the week's decisions.",
    "go with care": "These data can carry the demand forecast, with care.",
    "stop": "Stop: no forecast should be made from these data yet.",
}


def headline_readiness(readiness: Readiness) -> list[str]:
    """Return the verdict and what supports it, gravest first."""
    return [
        _say_verdict(readiness),
        _say_decisions(readiness),
        _say_findings(readiness),
    ]


def headline_coverage(readiness: Readiness) -> str:
    """Return what the order lines per week show."""
    weekly = readiness.weekly
    span = (weekly["week"].iloc[-1] - weekly["week"].iloc[0]).days // 7 + 1
    empty = span - len(weekly)
    median = f"{weekly['lines'].median():,.0f} order lines in the median week"
    if empty:
        return f"{empty} of {span} weeks hold no order line; {median}"
    return f"Orders come in every one of {span} weeks: {median}"


def _say_verdict(readiness: Readiness) -> str:
    why = str(readiness.decisions["why"].iloc[0])
    if readiness.verdict == GO:
        return f"{VERDICTS[GO]} They reach from {_day(readiness.first_day)} to {_day(readiness.as_of)}."
    return f"{VERDICTS[readiness.verdict]} {why[:1].upper()}{why[1:]}."


def _say_decisions(readiness: Readiness) -> str:
    parts = []
    for verdict, words in ((GO, "ready"), ("go with care", "ready with care"), (STOP, "not possible")):
        names = [name for name, given in readiness.summary().items() if given == verdict]
        if names:
            parts.append(f"{words}: {', '.join(names)}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _say_findings(readiness: Readiness) -> str:
    aside = int(readiness.tables["set_aside"].sum())
    read = int(readiness.tables["rows_read"].sum())
    if not aside:
        return f"All {read:,} rows passed every check."
    value = next(kpi for kpi in readiness.kpis if kpi.name == "value under findings")
    said = f"{aside:,} of {read:,} rows were set aside"
    if not value.denominator:
        return f"{said}."
    worth = f"{value.numerator or 0:,.0f} of {value.denominator:,.0f} ordered"
    return f"{said}; the order lines among them are worth {worth}."


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
