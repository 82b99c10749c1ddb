"""What a check found: table, column, rule, count, first examples, what was done and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Action = Literal["stop", "quarantined", "blanked", "note"]

# A finding can stand on a page, where no name or address may; the row itself is in the quarantine.
NOT_SHOWN = "personal, not shown"

SEVERITY: tuple[Action, ...] = ("stop", "quarantined", "blanked", "note")


@dataclass(frozen=True)
class Example:
    """One offending cell. `row` counts the header as row 1, as a spreadsheet shows it."""

    row: int
    key: str
    value: str

    def __str__(self) -> str:
        """Return `row 118, key A-17, value -4`."""
        key = f", key {self.key}" if self.key else ""
        return f"row {self.row}{key}, value {self.value}"


@dataclass(frozen=True)
class Finding:
    """One rule that a table broke.

    Parameters
    ----------
    table, column
        Where; `column` is empty where the whole row or table is meant.
    origin
        File, sheet or database table that it was read from.
    rule
        What was broken, in words.
    action
        What was done: the table was refused (`stop`), the rows were set aside
        (`quarantined`), the cell was emptied and the row kept (`blanked`), or nothing (`note`).
    count
        Rows touched.
    examples
        The first of them.
    advice
        What the user should do.
    """

    table: str
    column: str
    origin: str
    rule: str
    action: Action
    count: int
    advice: str
    examples: tuple[Example, ...] = ()

    def __str__(self) -> str:
        """Return the finding as one line that a user can act on."""
        where = f"{self.origin}: column '{self.column}'" if self.column else self.origin
        first = f" (first: {self.examples[0]})" if self.examples else ""
        if not self.count:
            return f"{where}: {self.rule}. {self.advice}"
        rows = f"{self.count:,} {'row' if self.count == 1 else 'rows'} {DONE[self.action]}"
        return f"{where}: {self.rule}: {rows}{first}. {self.advice}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain types, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Finding:
        """Return the finding that `to_dict` wrote."""
        return cls(**{**data, "examples": tuple(Example(**example) for example in data["examples"])})


DONE: dict[Action, str] = {
    "stop": "concerned, the table is not used",
    "quarantined": "set aside",
    "blanked": "kept with this cell emptied",
    "note": "noted",
}


def sort_findings(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings with the gravest first, then by rows touched, then by name."""
    return tuple(
        sorted(findings, key=lambda f: (SEVERITY.index(f.action), -f.count, f.table, f.column, f.rule))
    )
