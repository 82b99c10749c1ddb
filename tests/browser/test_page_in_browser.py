"""The pages in a real browser: silent on the network, usable by mouse, key and small screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from helpers.batch.index import render_reports_index, render_run_index
from helpers.batch.pages import render_page

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}

# Contrast of an element's text with the first opaque ground behind it, as WCAG 2.1 computes it.
CONTRAST = """
(selector) => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d');
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (part) => {
    for (; part; part = part.parentElement) {
      const found = channels(getComputedStyle(part).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255, 255];
  };
  return [...document.querySelectorAll(selector)].map((part) => {
    const style = getComputedStyle(part);
    const text = part.namespaceURI.endsWith('svg') ? style.fill : style.color;
    const [low, high] = [luminance(channels(text)), luminance(ground(part))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  });
}
"""
READ = (
    "h1, h2, .lead, .prose p, .strip dt, .strip dd, .pb-status, .pb-verdict, .pb-support, .pb-word, "
    ".pb-term, .pb-value, .pb-beside, .pb-range, .pb-why, .pb-moved, .pb-moved span, .pb-table th, "
    ".pb-table td, .pb-table a, .pb-rest, .contents a, .contents summary, .pages a, .pages .off, "
    ".brand, .brand span, .tool, figcaption, .facts dt, .facts dd, .failure p, .failure strong, "
    ".failure summary, .page-title, .muted, .page-error, .note summary, .text-output, .code span, "
    ".drawing svg text, .pb-about > span"
)


@dataclass
class Opened:
    """A page in the browser, and what it did that it should not."""

    tab: Any
    file: Path
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    blocked: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def report(weekly: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of reports as a run leaves it."""
    folder = tmp_path_factory.mktemp("reports")
    run = folder / "2026-W47"
    run.mkdir()
    evil = [
        weekly.code_cell("x", [weekly.output("display_data", data={"text/html": weekly.EVIL})]),
        weekly.markdown(f'## Odd\n\n{weekly.EVIL} ![x](https://example.invalid/x.png) <style>@import "https://example.invalid/x.css";</style>'),
    ]  # fmt: skip
    pages = {
        "1_demand_forecast.html": render_page(weekly.weekly_notebook(), weekly.context()),
        "3_transport_plan.html": render_page(
            weekly.failed_notebook(), weekly.context(failure=weekly.failure())
        ),
        "evil.html": render_page(weekly.notebook_of(*evil), weekly.context(title=weekly.EVIL)),
        "index.html": render_run_index(weekly.manifest(), [weekly.manifest(46), weekly.manifest(45)]),
        "../index.html": render_reports_index([weekly.manifest(number) for number in (44, 45, 46, 47)]),
    }
    for name, html in pages.items():
        (run / name).write_text(html, encoding="utf-8")
    return run


@pytest.fixture
def show(chromium: Any, report: Path) -> Iterator[Any]:
    """Return a function that opens a page of the report in a fresh profile."""
    contexts = []

    def opened(name: str = "1_demand_forecast.html", **options: Any) -> Opened:
        context = (
            chromium.new_context(viewport=DESKTOP, **options)
            if "viewport" not in options
            else chromium.new_context(**options)
        )
        contexts.append(context)
        page = Opened(context.new_page(), report / name)
        page.tab.on("request", lambda request: page.requests.append(request.url))
        page.tab.on("requestfailed", lambda request: page.blocked.update({request.url: request.failure}))
        page.tab.on("pageerror", lambda error: page.errors.append(str(error)))
        page.tab.goto((report / name).resolve().as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


ALL_PAGES = ["1_demand_forecast.html", "3_transport_plan.html", "index.html", "../index.html"]


@pytest.mark.parametrize("name", ALL_PAGES)
def test_a_page_asks_for_nothing_but_itself_and_makes_no_script_error(show: Any, name: str) -> None:
    page = show(name)
    said = []
    page.tab.on("console", lambda message: said.append(message.text))
    page.tab.reload(wait_until="networkidle")
    assert set(page.requests) == {page.file.resolve().as_uri()}
    assert page.errors == []
    assert said == []


def test_markup_from_the_data_does_not_run(show: Any) -> None:
    page = show()
    assert page.tab.evaluate("window.evil") is None
    assert page.tab.locator("td", has_text="<script>window.evil").count() == 1


def test_raw_markup_that_a_notebook_let_through_neither_runs_nor_loads(show: Any) -> None:
    page = show("evil.html")
    page.tab.wait_for_timeout(300)
    assert page.tab.evaluate("window.evil") is None
    wanted = {url for url in page.requests if url != page.file.resolve().as_uri()}
    assert wanted == set(page.blocked)
    assert set(page.blocked.values()) == {"csp"}


def test_a_link_of_the_contents_leads_to_its_heading(show: Any) -> None:
    tab = show(reduced_motion="reduce").tab
    tab.click(".contents a >> text=Method")
    assert tab.evaluate("location.hash") == "#method"
    assert (
        0 <= tab.evaluate("document.querySelector('#method').getBoundingClientRect().top") < DESKTOP["height"]
    )


def test_the_contents_mark_where_the_reader_is(show: Any) -> None:
    tab = show().tab
    tab.evaluate(
        "document.documentElement.style.scrollBehavior = 'auto';"
        "document.querySelector('#why').scrollIntoView()"
    )
    tab.wait_for_selector(".contents a[aria-current] >> text=Why")
    tab.evaluate("scrollTo(0, document.body.scrollHeight)")
    tab.wait_for_selector(".contents a[aria-current] >> text=How this page was made")


def test_the_contents_are_there_without_script_and_the_page_reads_in_full(show: Any) -> None:
    tab = show(java_script_enabled=False).tab
    assert tab.locator(".contents a").first.is_visible()
    assert tab.locator(".pb-verdict").is_visible()
    assert tab.locator("details.code summary").first.is_visible()
    assert not tab.locator("#theme").is_visible()
    assert tab.locator("th button").count() == 0


def test_the_code_is_hidden_until_the_button_or_the_key_shows_it(show: Any) -> None:
    tab = show().tab
    code = tab.locator("details.code pre").first
    assert not code.is_visible()
    tab.click("#code")
    assert code.is_visible()
    assert tab.get_attribute("#code", "aria-pressed") == "true"
    tab.keyboard.press("c")
    assert not code.is_visible()
    tab.keyboard.press("c")
    assert code.is_visible()
    tab.locator("details.code summary").first.click()
    assert not code.is_visible()


def test_copying_with_the_control_key_does_not_show_the_code(show: Any) -> None:
    tab = show().tab
    tab.keyboard.press("Control+c")
    assert not tab.locator("details.code pre").first.is_visible()


def column(tab: Any, place: int) -> list[str]:
    texts = tab.locator(f".pb-table tbody tr td:nth-child({place})").all_text_contents()
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts]


@pytest.fixture
def orders(show: Any, report: Path, weekly: ModuleType) -> Any:
    """Return a page with all rows of the order table: thousands, a negative, gaps."""
    shown = weekly.table(
        weekly.products(),
        "Orders",
        {"product_id": "Product", "value": "Value|money", "chance": "Chance|pct", "week": "Week|week"},
        total=["value"],
    )
    cell = weekly.code_cell("x", [weekly.displayed(shown)])
    context = weekly.context(parameters={})
    (report / "orders.html").write_text(render_page(weekly.notebook_of(cell), context), encoding="utf-8")
    return show("orders.html").tab


def test_numbers_sort_by_size_with_thousands_and_negatives(orders: Any) -> None:
    button = orders.locator("th button", has_text="Value")
    button.click()
    assert column(orders, 2) == ["48,210", "12,400", "1,240", "980", "77", "\N{MINUS SIGN}350"]
    assert orders.locator("th", has_text="Value").get_attribute("aria-sort") == "descending"
    button.click()
    assert column(orders, 2) == ["\N{MINUS SIGN}350", "77", "980", "1,240", "12,400", "48,210"]
    assert orders.locator("th[aria-sort]").count() == 1
    assert orders.locator("tfoot td").nth(0).text_content() == "62,558"


def test_a_table_sorts_by_keyboard_and_gaps_stay_last(orders: Any) -> None:
    orders.locator("th button", has_text="Chance").focus()
    orders.keyboard.press("Enter")
    assert column(orders, 3) == ["62.0 %", "41.0 %", "33.0 %", "7.0 %", "5.0 %", "\N{EN DASH}"]
    orders.keyboard.press("Space")
    assert column(orders, 3)[0] == "5.0 %"
    assert column(orders, 3)[-1] == "\N{EN DASH}"


def test_text_and_weeks_sort_from_first_to_last(orders: Any) -> None:
    orders.locator("th button", has_text="Product").click()
    assert column(orders, 1) == ["P002", "P014", "P033", "P050", "P077", "P101"]
    orders.locator("th button", has_text="Week").click()
    assert column(orders, 4) == ["2026-W48", "2026-W49", "2026-W50", "2026-W51", "2026-W52", "\N{EN DASH}"]


@pytest.mark.parametrize("name", ALL_PAGES)
@pytest.mark.parametrize(
    "viewport", [PHONE, {"width": 320, "height": 700}, {"width": 820, "height": 1180}, DESKTOP]
)
def test_no_page_scrolls_sideways(show: Any, name: str, viewport: dict[str, int]) -> None:
    tab = show(name, viewport=viewport).tab
    assert tab.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_on_a_phone_a_wide_table_scrolls_inside_itself_and_the_contents_are_folded(show: Any) -> None:
    tab = show(viewport=PHONE, has_touch=True).tab
    region = tab.locator(".pb-scroll").first
    assert region.evaluate("part => part.scrollWidth > part.clientWidth")
    assert not tab.locator(".contents a").first.is_visible()
    tab.locator(".contents summary").tap()
    assert tab.locator(".contents a").first.is_visible()


@pytest.mark.parametrize("name", ALL_PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_both_themes(show: Any, name: str, scheme: str) -> None:
    tab = show(name, color_scheme=scheme).tab
    if tab.locator("#code").count():
        tab.click("#code")
    orange = ".drawing svg text[style*='d55e00']"  # the colour that the figure chose itself, on white
    skipped = f":not({orange})" if scheme == "light" else ""
    selector = ", ".join(f"{part.strip()}{skipped}" for part in READ.split(","))
    found = tab.evaluate(CONTRAST, selector)
    assert len(found) > 15
    assert min(found) >= 4.5


def test_the_theme_button_switches_and_is_remembered(show: Any) -> None:
    tab = show(color_scheme="light").tab
    ground = "getComputedStyle(document.body).backgroundColor"
    before = tab.evaluate(ground)
    tab.click("#theme")
    dark = tab.evaluate(ground)
    assert dark != before
    assert tab.text_content("#theme") == "Light"
    tab.reload()
    assert tab.evaluate(ground) == dark


def test_print_shows_the_report_without_navigation_code_and_dark_ground(show: Any) -> None:
    tab = show(color_scheme="dark").tab
    tab.click("#code")
    tab.emulate_media(media="print", color_scheme="dark")
    for hidden in (".top", ".contents", "details.code", ".pb-about"):
        assert not tab.locator(hidden).first.is_visible()
    assert tab.locator(".pb-table table").first.is_visible()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_page_prints_to_a_pdf_with_few_pages(show: Any) -> None:
    made = show().tab.pdf(prefer_css_page_size=True)
    assert made.startswith(b"%PDF")
    assert 1 <= made.count(b"/Type /Page\n") <= 5


def test_a_definition_is_shown_by_focus_and_by_hover_and_named_for_a_screen_reader(show: Any) -> None:
    tab = show().tab
    term = tab.locator(".pb-term").first
    tip = tab.locator(".pb-about").first
    assert not tip.is_visible()
    term.focus()
    tip.wait_for(state="visible")
    assert "ΣA" in (tip.text_content() or "")
    assert term.get_attribute("aria-describedby") == tip.locator("[role=tooltip]").get_attribute("id")
    tab.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    term.hover()
    tip.wait_for(state="visible")


def test_the_first_tab_skips_to_the_report_and_every_control_can_be_reached(show: Any) -> None:
    tab = show().tab
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    reached = set()
    name = "(part => part.id || part.className || part.parentElement.tagName)(document.activeElement)"
    for _ in range(60):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate(name))
    assert {"code", "theme", "pb-term", "pb-scroll", "TH", "pb-file"} <= reached


def test_focus_can_be_seen(show: Any) -> None:
    tab = show().tab
    for _ in range(3):
        tab.keyboard.press("Tab")
    style = "getComputedStyle(document.activeElement)"
    assert tab.evaluate(f"{style}.outlineStyle") == "solid"
    assert tab.evaluate(f"parseFloat({style}.outlineWidth)") >= 2


def test_a_failed_page_shows_its_error_and_unfolds_the_traceback(show: Any) -> None:
    tab = show("3_transport_plan.html").tab
    assert tab.locator(".failure").count() == 2
    trace = tab.locator(".failure pre")
    assert not trace.is_visible()
    tab.locator(".failure summary").click()
    assert trace.is_visible()


def test_every_figure_has_a_description(show: Any) -> None:
    tab = show().tab
    names = tab.evaluate(
        "[...document.querySelectorAll('main svg, main img')].map(p => p.getAttribute('aria-label') || p.alt)"
    )
    assert len(names) >= 5
    assert all(names)


def test_a_page_of_the_run_leads_to_the_index_and_on_to_all_runs(show: Any) -> None:
    tab = show().tab
    tab.click(".brand")
    tab.wait_for_url("**/2026-W47/index.html")
    tab.click("text=all runs")
    assert tab.text_content("h1") == "All runs"
    tab.click("text=2026-W47 >> nth=0")
    tab.click("text=Demand forecast")
    assert tab.text_content("h1") == "What will sell in the next 12 weeks?"
