"""The verdict of a page: one sentence that answers its question, and the lines that support it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Final

from helpers.errors import ParameterError
from helpers.report.records import RECORD_MIME
from helpers.report.standalone import STANDALONE_STYLE, tone_of

STATUSES: Final = ("go", "go with care", "stop")


@dataclass(frozen=True)
class Headline:
    """A verdict that displays itself; the batch reads it back for the index of the run."""

    sentences: tuple[str, ...]
    status: str = ""

    def __repr__(self) -> str:
        word = f"{self.status.upper()}: " if self.status else ""
        return word + "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        verdict, *support = self.sentences
        word = f'<span class="pb-word">{escape(self.status)}</span> ' if self.status else ""
        lines = "".join(f'<p class="pb-support">{escape(line)}</p>' for line in support)
        tone = tone_of(self.status) if self.status else "plain"
        return (
            f'{STANDALONE_STYLE}<div class="pb-headline pb-{tone}">'
            f'<p class="pb-verdict">{word}<strong>{escape(verdict)}</strong></p>{lines}</div>'
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {RECORD_MIME: {"kind": "headline", "sentences": list(self.sentences), "status": self.status}}


def headline(*sentences: str, status: str = "") -> Headline:
    """Return the verdict of a page.

    Parameters
    ----------
    sentences
        The verdict, then the lines that support it; each made from the result, not typed.
    status
        Whether the data carry a decision: `go`, `go with care` or `stop`. Shown as word and colour.

    Examples
    --------
    >>> headline("Order 14 products by Tuesday.", "Two of them run out this week.")
    Order 14 products by Tuesday.
    Two of them run out this week.
    """
    if not sentences or not sentences[0].strip():
        raise ParameterError("headline() got no sentence. Say the verdict first, made from the result.")
    if status and status not in STATUSES:
        raise ParameterError(f"headline() got status '{status}'. Use one of {', '.join(STATUSES)}.")
    return Headline(tuple(sentences), status)
