"""An executed notebook as a page for reading: one HTML file that asks nothing of the network.

The cells are rendered with nbconvert's Markdown and code filters into an own Jinja template with
autoescape on (an nbconvert exporter cannot switch that on). A content security policy forbids
every request and every script but the page's own, whose hash it names: markup that came in with
the data stays dead even where something forgot to escape it. Same notebook, same context, same
bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from nbconvert.filters.ansi import strip_ansi
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from helpers.report.formats import GAP, NOT_KNOWN, is_known, say_day
from helpers.report.history import say_since, sparkline
from helpers.report.standalone import tone_of, without_standalone_style
from helpers.report.tiles import SINCE_SLOT

_SHOWN_AS: Final = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain")
_PAPERMILL_NOISE: Final = frozenset({"injected-parameters", "papermill-error-cell-tag"})
_INPUT_HIDDEN: Final = frozenset({"remove-input", "remove_input", "hide-input"})
_CELL_HIDDEN: Final = frozenset({"remove-cell", "remove_cell"})

_ID: Final = re.compile(r'\b(id|for|aria-describedby|aria-labelledby)="([^"]+)"')
_ID_REFERENCE: Final = re.compile(r'((?:xlink:)?href="#|url\(#)([^")]+)')
_TILE: Final = re.compile(
    r'<div class="pb-tile" data-kpi="(?P<kpi>[^"]*)" data-value="(?P<value>[^"]*)"'
    r' data-unit="(?P<unit>[^"]*)" data-better="(?P<better>[^"]*)" data-target="(?P<target>[^"]*)">.*?'
    + re.escape(SINCE_SLOT),
    re.DOTALL,
)
_FILE: Final = re.compile(r'<span class="pb-file" data-href="(exports/[^"/]+)">([^<]*)</span>')
_SVG_STYLE: Final = re.compile(r"<style.*?</style>", re.DOTALL)
_SVG_OPEN: Final = re.compile(r"<svg\b([^>]*)>")
_SVG_SIZE: Final = re.compile(r'\s(?:width|height)="[^"]*"')
_SVG_FONT: Final = re.compile(r"font-family:[^;\"]*;?\s*")
_COLOUR: Final = re.compile(r"(fill|stroke):\s*#([0-9a-fA-F]{6})\b")

_DARK_GROUND: Final = "131619"  # --ground of the dark theme in style.css
_READABLE: Final = 4.5  # contrast of text that WCAG AA asks for


@dataclass(frozen=True)
class PageLink:
    """A page of the run, as the navigation shows it; status is ok, failed or skipped."""

    name: str
    title: str
    href: str
    status: str = "ok"


@dataclass(frozen=True)
class PageFailure:
    """Why a page stopped: error name, message, and the number of the cell where known."""

    name: str
    message: str
    cell: int | None = None


@dataclass(frozen=True)
class PageContext:
    """What a page says about its run.

    Parameters
    ----------
    name, title
        The page ("1_demand_forecast") and its title for the navigation.
    week, case_name, as_of, checks
        The status strip: week, case, last day of the data, and how the checks went, in words.
    planbook_version, code_version, fingerprint, generated_at
        What made the page, from which data, and when.
    failure
        Why the page stopped; `None` where it is complete.
    pages
        All pages of the run in order.
    parameters, solver, seconds
        What the notebook ran with, a line per solved model, and how long it took.
    before, before_run
        KPI values of the run before, by name, and what that run is called.
    history
        KPI values of earlier runs of the case, by name, oldest first, without this run.
    scenario, note, changes
        Name of the what-if that the run holds, what it is about, and each change in words; empty for a plan.
    compared
        Whether there is a base run that a scenario's figures are held against.
    """

    name: str
    title: str
    week: str
    case_name: str
    as_of: str
    planbook_version: str
    generated_at: str = ""
    failure: PageFailure | None = None
    pages: Sequence[PageLink] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    fingerprint: str = ""
    code_version: str = ""
    solver: Sequence[str] = ()
    seconds: float | None = None
    checks: str = ""
    before: Mapping[str, float | None] = field(default_factory=dict)
    before_run: str = "the run before"
    history: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    scenario: str = ""
    note: str = ""
    changes: Sequence[str] = ()
    compared: bool = False

    @property
    def status(self) -> str:
        """Return `ok` or `failed`."""
        return "failed" if self.failure else "ok"


@dataclass(frozen=True)
class Heading:
    """A heading of the page, for the contents."""

    level: int
    anchor: str
    text: str


@dataclass(frozen=True)
class PageCell:
    """One cell, rendered: prose, or code with its outputs."""

    prose: str = ""
    code: str = ""
    outputs: tuple[Markup, ...] = ()


def render_page(notebook: NotebookNode, context: PageContext) -> str:
    """Return an executed notebook as a self-contained HTML page.

    Parameters
    ----------
    notebook
        The notebook as executed; a failed one is rendered up to its error, which is marked.
    context
        What the page says about its run.
    """
    prose = _Prose()
    cells = [_cell(cell, number, prose, context) for number, cell in enumerate(notebook.cells)]
    shown = [cell for cell in cells if cell]
    return render_template(
        "page.html.j2",
        context=context,
        cells=shown,
        has_code=any(cell.code for cell in shown),
        has_title=prose.has_title,
        contents=[heading for heading in prose.headings if heading.level > 1],
    )


def render_template(name: str, **values: Any) -> str:
    """Return a page from one of our templates, with the style and the scripts inlined as one."""
    script = f"{_asset('page.js')}\n{_asset('explorer.js')}"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = _environment()
    return (
        environment.get_template(name).render(
            style=Markup(_asset("style.css")),  # noqa: S704  # our own file
            script=Markup(script),  # noqa: S704  # our own file
            script_hash=f"sha256-{digest}",
            **values,
        )
        + "\n"
    )


@cache
def _environment() -> Environment:
    """Return the template environment: everything is escaped unless our code marked it as HTML."""
    environment = Environment(
        loader=PackageLoader("helpers.batch"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        below=link_below,
        tone=tone_of,
        css_string=_css_string,
        plain=plain_value,
        day=say_day,
        seconds=say_seconds,
        size=say_size,
    )
    return environment


def link_below(path: str) -> str:
    """Return a link to a file below this page: no scheme, no host, no way up."""
    return quote("/".join(part for part in str(path).split("/") if part not in {"", ".", ".."}))


@cache
def _asset(name: str) -> str:
    """Return one of the files beside the templates."""
    return (resources.files("helpers.batch") / "templates" / name).read_text(encoding="utf-8").strip()


def _css_string(text: str) -> Markup:
    """Return text as a CSS string in which no character can end the string or the style element."""
    safe = "".join(c if c.isalnum() or c in " .,-_·" else f"\\{ord(c):06x}" for c in str(text))
    return Markup(f'"{safe}"')  # noqa: S704  # every other character is a hex escape


def plain_value(value: object) -> str:
    """Return a value of a parameter or record for a reader."""
    if value is None or value == "":
        return GAP
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {plain_value(item)}" for key, item in value.items())
    return ", ".join(map(plain_value, value)) if isinstance(value, list | tuple) else str(value)


def say_seconds(seconds: float | None) -> str:
    """Return a duration for a reader: `12.3 s`, `3 min 5 s`."""
    if seconds is None or not is_known(seconds):
        return NOT_KNOWN
    if seconds < 60:
        return f"{seconds:.1f}\N{NO-BREAK SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}\N{NO-BREAK SPACE}min {rest}\N{NO-BREAK SPACE}s"


def say_size(count: float) -> str:
    """Return a file size for a reader: `640 bytes`, `12 kB`, `3.4 MB`."""
    if count < 1000:
        return f"{count:.0f}\N{NO-BREAK SPACE}bytes"
    return (
        f"{count / 1e3:,.0f}\N{NO-BREAK SPACE}kB"
        if count < 1e6
        else f"{count / 1e6:,.1f}\N{NO-BREAK SPACE}MB"
    )


class _Prose(IPythonRenderer):
    """Markdown as HTML; headings get anchors and are kept for the contents."""

    def __init__(self) -> None:
        super().__init__(escape=False, allow_harmful_protocols=False, exclude_anchor_links=True)
        self.headings: list[Heading] = []
        self._markdown = MarkdownWithMath(renderer=self)

    @property
    def has_title(self) -> bool:
        """Whether the notebook brought its own first-level heading."""
        return any(heading.level == 1 for heading in self.headings)

    def html(self, source: str) -> Markup:
        """Return Markdown of a notebook as HTML."""
        return Markup(self._markdown.render(source))  # noqa: S704  # the author's own prose

    def heading(self, text: str, level: int, **_: Any) -> str:
        """Return a heading with an anchor; a second title becomes a section."""
        shown_level = 2 if level == 1 and self.has_title else level
        words = Markup(text).striptags()  # noqa: S704  # only to take the tags out
        slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "section"
        taken = {heading.anchor for heading in self.headings}
        anchor = next(a for a in [slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3))] if a not in taken)
        self.headings.append(Heading(shown_level, anchor, words))
        return f'<h{shown_level} id="{anchor}">{text}</h{shown_level}>\n'

    def block_math(self, body: str) -> str:
        """Return a displayed formula as text: nothing is loaded to typeset it."""
        return f'<div class="formula">{self.escape_html(body.strip())}</div>'

    def inline_math(self, body: str) -> str:
        """Return a formula in a line as text."""
        return f'<span class="formula">{self.escape_html(body)}</span>'


def _cell(cell: NotebookNode, number: int, prose: _Prose, context: PageContext) -> PageCell | None:
    """Return a cell as the page shows it, or nothing where it shows nothing."""
    tags = set(cell.get("metadata", {}).get("tags", []))
    if tags & (_PAPERMILL_NOISE | _CELL_HIDDEN) or not (cell.source.strip() or cell.get("outputs")):
        return None
    if cell.cell_type == "markdown":
        return PageCell(prose=prose.html(cell.source))
    if cell.cell_type != "code":
        return None
    code = Markup() if tags & _INPUT_HIDDEN or not cell.source.strip() else _code(cell.source)
    outputs = [_output(o, f"c{number}o{place}-", context) for place, o in enumerate(cell.get("outputs", []))]
    return PageCell(code=code, outputs=tuple(output for output in outputs if output))


def _code(source: str) -> Markup:
    """Return code with its words coloured."""
    highlight = Highlight2HTML(pygments_lexer="python3")  # type: ignore[no-untyped-call]  # nbconvert has no types
    return Markup(highlight(source))  # noqa: S704  # the highlighter escapes


def _output(output: NotebookNode, prefix: str, context: PageContext) -> Markup:
    """Return one output as HTML; records and widget states show nothing."""
    if output.output_type == "stream":
        return _stream(output)
    if output.output_type == "error":
        return _error(output)
    return _display(output, prefix, context)


def _display(output: NotebookNode, prefix: str, context: PageContext) -> Markup:
    """Return displayed data in the richest form that a page can show."""
    mime = next((mime for mime in _SHOWN_AS if mime in output.data), "")
    content = _text(output.data.get(mime, ""))
    about = output.get("metadata", {}).get(mime, {})
    about = about if isinstance(about, Mapping) else {}
    if mime == "text/html":
        return Markup(_html(content, prefix, context))  # noqa: S704  # the notebook's own output, under the policy
    if mime == "image/svg+xml":
        return _figure(Markup(_svg(content, prefix, about)), about)  # noqa: S704  # drawn by our own figures, under the policy
    if mime.startswith("image/"):
        return _figure(_image(mime, content, about), about)
    if mime == "text/markdown":
        renderer = IPythonRenderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
        return Markup(MarkdownWithMath(renderer=renderer).render(content))  # noqa: S704  # escaped
    return Markup('<pre class="text-output">{}</pre>').format(_bare(content)) if content.strip() else Markup()


def _bare(text: str) -> str:
    """Return text without the colour codes of a terminal."""
    return str(strip_ansi(text))  # type: ignore[no-untyped-call]  # nbconvert has no types


def _text(content: str | Sequence[str]) -> str:
    """Return the content of an output, which a notebook file may hold as lines."""
    return content if isinstance(content, str) else "".join(content)


def _stream(output: NotebookNode) -> Markup:
    """Return printed text; warnings and notes stay folded."""
    text = _bare(_text(output.text)).rstrip()
    if not text:
        return Markup()
    if output.name != "stderr":
        return Markup('<pre class="text-output">{}</pre>').format(text)
    lines = text.count("\n") + 1
    note = f"Note from the computation ({lines} line{'' if lines == 1 else 's'})"
    return Markup('<details class="note"><summary>{}</summary><pre>{}</pre></details>').format(note, text)


def _error(output: NotebookNode) -> Markup:
    """Return an error as a marked box, the traceback folded."""
    traceback = _bare("\n".join(output.get("traceback", [])))
    return Markup(
        '<div class="failure" id="failure" role="alert"><p><strong>This step failed: {}</strong></p><p>{}</p>'
        "<details><summary>Traceback</summary><pre>{}</pre></details></div>"
    ).format(output.ename, _bare(output.evalue), traceback)


def _html(content: str, prefix: str, context: PageContext) -> str:
    """Return an HTML output with ids of its own, links to exports, and tiles that know the run before."""
    html = with_own_ids(without_standalone_style(content), prefix)
    html = _FILE.sub(r'<a class="pb-file" href="\1" download>\2</a>', html)
    return _TILE.sub(lambda tile: _with_past(tile, context), html)


def with_own_ids(html: str, prefix: str) -> str:
    """Return markup whose ids, and the references to them, start with a prefix."""
    known = {name for kind, name in _ID.findall(html) if kind == "id"}

    def renamed(match: re.Match[str]) -> str:
        start, name = match.group(1), match.group(2)
        if start.endswith("#"):
            return f"{start}{prefix}{name}" if name in known else match.group()
        names = " ".join(prefix + word if word in known else word for word in name.split())
        return f'{start}="{names}"'

    return _ID_REFERENCE.sub(renamed, _ID.sub(renamed, html))


def _with_past(tile: re.Match[str], context: PageContext) -> str:
    """Return a tile with its difference to the run before and its sparkline."""
    name = Markup(tile["kpi"]).unescape()  # noqa: S704  # only to take the escapes out
    value = float(tile["value"]) if tile["value"] else None
    target = float(tile["target"]) if tile["target"] else None
    unit = Markup(tile["unit"]).unescape()  # noqa: S704  # only to take the escapes out
    since = say_since(value, context.before.get(name), unit, tile["better"], target, context.before_run)
    past = [*context.history.get(name, ()), value]
    drawn = sparkline(past, f"{name} over {len(past)} runs", unit) if len(past) > 1 else Markup()
    body = tile.group().removesuffix(SINCE_SLOT)
    return body + (f'<dd class="pb-since">{drawn}{since}</dd>' if drawn or since else "")


def _figure(drawn: Markup, about: Mapping[str, Any]) -> Markup:
    """Return a figure with its caption."""
    caption = str(about.get("caption") or "")
    below = Markup("<figcaption>{}</figcaption>").format(caption) if caption else Markup()
    return Markup('<figure class="drawing">{}{}</figure>').format(drawn, below)


def _image(mime: str, content: str, about: Mapping[str, Any]) -> Markup:
    """Return a raster image inside the page."""
    data = "".join(content.split())
    alt = str(about.get("alt") or "Figure without a description")
    return Markup('<img src="data:{};base64,{}" alt="{}">').format(mime, data, alt)


def _svg(content: str, prefix: str, about: Mapping[str, Any]) -> str:
    """Return an SVG that scales with the page, has ids of its own and greys that follow the theme."""
    start = content.find("<svg")
    svg = _SVG_STYLE.sub("", content[max(start, 0) :])
    svg = _SVG_FONT.sub("", with_own_ids(svg, prefix))
    svg = _COLOUR.sub(_themed, svg)
    alt = escape(str(about.get("alt") or "Figure without a description"))

    def opened(match: re.Match[str]) -> str:
        width = re.search(r'width="([\d.]+)(pt|px)?"', match.group(1))
        most = f' style="max-width:{float(width.group(1)) * 4 / 3:.0f}px"' if width else ""
        return f'<svg{_SVG_SIZE.sub("", match.group(1))} role="img" aria-label="{alt}"{most}>'

    return _SVG_OPEN.sub(opened, svg, count=1)


def _themed(match: re.Match[str]) -> str:
    """Return a grey as a colour of the theme, and a real colour with a lighter twin on the dark ground."""
    kind, code = match.groups()
    channels = _channels(code)
    if max(channels) - min(channels) > 12:
        return f"{kind}: light-dark(#{code}, #{_on_dark(code)})"
    light = sum(channels) / 3
    name = "ink" if light < 70 else "soft" if light < 165 else "line" if light < 250 else "paper"
    return f"{kind}: var(--figure-{name}, #{code})"


@cache
def _on_dark(code: str) -> str:
    """Return a colour mixed with white until it can be read on the dark ground."""
    channels = _channels(code)
    for share in range(0, 100, 5):
        mixed = [round(channel + (255 - channel) * share / 100) for channel in channels]
        if _luminance(mixed) + 0.05 >= _READABLE * (_luminance(_channels(_DARK_GROUND)) + 0.05):
            return "".join(f"{channel:02x}" for channel in mixed)
    return "ffffff"


def _channels(code: str) -> list[int]:
    return [int(code[place : place + 2], 16) for place in (0, 2, 4)]


def _luminance(channels: Sequence[int]) -> float:
    """Return the relative luminance of a colour, 0 to 1 (WCAG 2.1)."""
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
