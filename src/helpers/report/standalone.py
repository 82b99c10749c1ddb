"""The small style that outputs carry where the page's own style is absent, and the tone of words.

JupyterLab shows an output without the page's style sheet, so each output brings these few rules.
Where a viewer strips them, plain HTML is left; the page removes them and uses its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_RULES: Final = """
.pb-headline,.pb-tiles.pb-tiles,.pb-table.pb-table{margin:12px 0}
.pb-headline{border-left:4px solid #1f5fae;padding:2px 0 2px 14px}
.pb-headline.pb-good{border-color:#1a7f4b}.pb-headline.pb-care{border-color:#b26a00}
.pb-headline.pb-bad{border-color:#c0332b}
.pb-verdict{font-size:1.25em;margin:0}.pb-support{margin:4px 0 0}
.pb-word{display:block;font-size:.65em;font-weight:700;text-transform:uppercase}
.pb-tiles{display:flex;flex-wrap:wrap;gap:12px}
.pb-tile{border:1px solid #8884;border-radius:8px;padding:10px 14px;min-width:9em;max-width:16em}
.pb-tiles dt,.pb-tiles dd{margin:0;float:none;width:auto}
.pb-term{all:unset;cursor:help;opacity:.8}.pb-value{font-size:1.6em;font-weight:600}
.pb-about{font-size:.85em;opacity:.8}.pb-since:empty{display:none}
.pb-scroll{overflow-x:auto}.pb-table figcaption{font-weight:600}
.pb-table td,.pb-table th{padding:3px 10px;text-align:left}.pb-table .pb-d{white-space:nowrap}
.pb-table .pb-n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.pb-rest,.pb-file{font-size:.9em;opacity:.8}
"""

STANDALONE_STYLE: Final = f'<style scoped class="pb-alone">{_RULES.strip()}</style>\n'
_STYLE_ELEMENT: Final = re.compile(r'<style scoped class="pb-alone">.*?</style>\s*', re.DOTALL)

_TONES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "good": "ok go good passed complete served on-time won accepted covered",
        "care": "care go-with-care warning late at-risk review partial drift low",
        "bad": "stop failed bad error short lost blocked rejected critical stock-out",
    }
)
_TONE_OF_WORD: Final = {word: tone for tone, words in _TONES.items() for word in words.split()}


def tone_of(word: str) -> str:
    """Return `good`, `care`, `bad` or `plain`: the colour that goes with a status word."""
    return _TONE_OF_WORD.get(word.strip().lower().replace(" ", "-"), "plain")


def without_standalone_style(html: str) -> str:
    """Return an output without the rules it brought for viewers that have no style of ours."""
    return _STYLE_ELEMENT.sub("", html)
