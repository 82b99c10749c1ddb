"""Sentences about experience, made from the result; the page types no number itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.customers.experience.result import CAVEAT, Experience
from helpers.customers.experience.verdicts import CONFOUNDED, SEEN
from helpers.customers.words import percent

_WORDS = {
    "short": "an order delivered short",
    "late": "a late delivery",
    "returned": "an order with a return",
    "complaint": "an order with a complaint",
}


def say_experience(found: Experience) -> list[str]:
    """Return how customers were served, what followed after each kind of let-down, and the caveat."""
    effects = [_say_effect(found, row) for row in found.overall().to_dict("records")]
    if not effects:
        after = f"What follows after a let-down is not yet knowable. {' '.join(found.notes)}".strip()
        return [say_service(found), after]
    return [say_service(found), *effects, say_groups(found), CAVEAT]


def say_effects(found: Experience) -> str:
    """Return what follows each kind of let-down, those without a visible effect in one sentence."""
    rows = found.overall().to_dict("records")
    if not rows:
        return "What follows after a let-down is not yet knowable."
    quiet = [row for row in rows if row["verdict"] not in (CONFOUNDED, SEEN)]
    said = [_say_effect(found, row) for row in rows if row not in quiet]
    if len(quiet) == 1:
        said.append(_say_effect(found, quiet[0]))
    elif quiet:
        *names, last = [_WORDS[str(row["kind"])] for row in quiet]
        said.append(f"After {', '.join(names)} or {last} no effect is seen beyond chance.")
    return " ".join(said)


def say_each_effect(found: Experience) -> str:
    """Return every kind of let-down with its figures."""
    return " ".join(_say_effect(found, row) for row in found.overall().to_dict("records"))


def say_service(found: Experience) -> str:
    """Return the shares of orders short, late, returned and complained of, with their intervals."""
    rows = found.kpis[(found.kpis["denominator"] > 0) & (found.kpis["kpi"] != "let down")]
    if rows.empty:
        return f"No order of the last {found.settings.window_days} days could be judged."
    parts = [
        f"{row['kpi']} {percent(row['value'], 1)} ({percent(row['low'], 1)} to {percent(row['high'], 1)})"
        for row in rows.to_dict("records")
    ]
    return (
        f"Of the orders of the last {found.settings.window_days} days: {', '.join(parts)}. {say_nps(found)}"
    )


def say_nps(found: Experience) -> str:
    """Return the net promoter score with its interval."""
    row = found.nps.set_index("segment").loc["all"]
    count = int(row["answers"])
    if not count:
        return "Nobody answered a survey."
    low, high = (f"{100 * row[name]:+.0f}" for name in ("nps_low", "nps_high"))
    noun = "answer" if count == 1 else "answers"
    return f"The net promoter score is {100 * row['nps']:+.0f} ({low} to {high}) from {count:,} {noun}."


def _say_effect(found: Experience, row: Mapping[Any, Any]) -> str:
    """Return one kind: what is seen of ordering again, or that nothing is, or that it is confounded."""
    days, what = found.settings.after_days, _WORDS[str(row["kind"])]
    limits = f"{percent(row['relative_low'], 1)} to {percent(row['relative_high'], 1)}"
    head = (
        f"After {what} the chance to order again within {days} days differs by {percent(row['relative'], 1)}"
    )
    if row["verdict"] == CONFOUNDED:
        return (
            f"{head} ({limits}), but the {days} days before it differ as well, by "
            f"{percent(row['placebo'], 1)}: confounded, so no effect can be read from it."
        )
    if row["verdict"] == SEEN:
        return f"{head} ({limits}); the {days} days before it show no such difference."
    return f"{head} ({limits}): no effect is seen beyond chance and what was there before."


def say_groups(found: Experience) -> str:
    """Return the groups whose loss per short order is knowable, the largest first."""
    rows = found.shares
    if rows.empty:
        return "What a short order costs by group is not yet knowable."
    known = rows[rows["is_knowable"] & (rows["share"] < 0)].sort_values("share")
    if known.empty:
        return "In no group is a loss after a short order knowable apart from chance."
    parts = [_say_group(row) for row in known.head(3).to_dict("records")]
    rest = len(rows) - len(known)
    tail = f"; in {rest} other {'group' if rest == 1 else 'groups'} a loss is not knowable" if rest else ""
    return f"Later buying lost after a short order, largest first: {'; '.join(parts)}{tail}."


def _say_group(row: Mapping[Any, Any]) -> str:
    limits = f"{percent(-row['high'], 1)} to {percent(-row['low'], 1)}"
    doubt = "; confounded: these customers differed before it as well" if row["is_confounded"] else ""
    return f"{row['group']} {percent(-row['share'], 1)} ({limits}{doubt})"
