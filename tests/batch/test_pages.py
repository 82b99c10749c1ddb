from __future__ import annotations

import base64
import hashlib
import re
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from helpers.batch.pages import render_page, say_seconds, say_size, with_own_ids
from helpers.contract.kpis import Kpi
from helpers.whatif import Choice, Decision, Settings, View
from helpers.whatif.chart import Chart, Series
from helpers.whatif.explorer import explore
from helpers.whatif.view import no_limits


@pytest.fixture(scope="module")
def page(weekly: ModuleType) -> str:
    return render_page(weekly.weekly_notebook(), weekly.context())


@pytest.fixture(scope="module")
def failed_page(weekly: ModuleType) -> str:
    return render_page(weekly.failed_notebook(), weekly.context(failure=weekly.failure()))


def page_of(weekly: ModuleType, *cells: Any, **changes: Any) -> str:
    return render_page(weekly.notebook_of(*cells), weekly.context(**changes))


def text_of(html: str) -> str:
    body = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body).replace("\N{NO-BREAK SPACE}", " "))


def test_the_same_notebook_gives_the_same_page(weekly: ModuleType, page: str) -> None:
    assert render_page(weekly.weekly_notebook(), weekly.context()) == page


def test_a_page_names_nothing_outside_itself(page: str) -> None:
    loads = re.findall(r"""<(?:link|script|img|iframe|object|source)\b[^>]*(?:src|href)="([^"]*)""", page)
    assert loads == ["data:,"]
    assert "@import" not in page
    assert not re.search(r"url\((?!#|[\"']?data:)", page)


def test_the_policy_forbids_all_but_the_pages_own_script(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert policy is not None
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in policy.group(1) or f"'sha256-{digest}'" in policy.group(
        1
    )
    assert policy.group(1).startswith("default-src 'none'")


def test_the_strip_says_week_case_data_and_checks(page: str) -> None:
    assert (
        "Week 2026-W47 Case sample Data as of 15 November 2026 Checks 14 of 14 passed Page complete"
        in text_of(page)
    )


def test_every_heading_is_in_the_contents_and_has_its_anchor(page: str) -> None:
    contents = re.search(r'<nav class="contents".*?</nav>', page, re.DOTALL)
    assert contents is not None
    links = re.findall(r'href="#([^"]+)">([^<]+)<', contents.group())
    assert [name for _, name in links] == [
        "Recommendation", "Why", "How sure", "Back-test", "Method", "How this page was made",
    ]  # fmt: skip
    assert all(page.count(f'id="{anchor}"') == 1 for anchor, _ in links)


def test_a_page_has_one_title_whether_the_notebook_brings_it_or_not(weekly: ModuleType, page: str) -> None:
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", page) == ["What will sell in the next 12 weeks?"]
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", page_of(weekly, weekly.markdown("x"))) == ["Demand forecast"]


def test_headings_of_the_same_words_get_different_anchors(weekly: ModuleType) -> None:
    html = page_of(weekly, weekly.markdown("## Why\n\n## Why\n\n## ?"))
    assert re.findall(r'<h2 id="([^"]*)"', html)[:3] == ["why", "why-2", "section"]


def test_all_ids_of_a_page_are_different_though_a_figure_comes_twice(page: str) -> None:
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert len(ids) > 20
    assert len(ids) == len(set(ids))


def test_every_reference_to_an_id_leads_somewhere(page: str) -> None:
    ids = set(re.findall(r'\sid="([^"]*)"', page))
    body = page[page.index("<body>") :]
    wanted = re.findall(r'(?:href="#|url\(#|aria-describedby=")([^")]+)', body)
    assert wanted
    assert set(wanted) <= ids


def test_only_ids_of_the_same_markup_are_renamed() -> None:
    html = (
        '<p id="a"></p><a href="#a"></a><a href="#main"></a><i aria-describedby="a z"></i>'
        '<b style="clip-path: url(#a)"></b>'
    )
    renamed = with_own_ids(html, "x-")
    assert renamed == (
        '<p id="x-a"></p><a href="#x-a"></a><a href="#main"></a><i aria-describedby="x-a z"></i>'
        '<b style="clip-path: url(#x-a)"></b>'
    )


def test_tiles_learn_the_difference_to_the_run_before_and_their_history(page: str) -> None:
    text = text_of(page)
    assert "▼ 2.1 points better than 2026-W46" in text
    assert "▼ 3.3 points worse than 2026-W46" in text
    assert "unchanged since 2026-W46" in text
    assert "WAPE over 6 runs: from 47.0" in page


def test_a_first_run_has_tiles_without_a_past(weekly: ModuleType) -> None:
    html = render_page(weekly.weekly_notebook(), weekly.context(before={}, history={}))
    assert "better than 2026" not in text_of(html)
    assert 'class="pb-spark"' not in html
    assert "41.3" in html


def test_exports_become_links(page: str) -> None:
    assert '<a class="pb-file" href="exports/order_plan.csv" download>exports/order_plan.csv</a>' in page


def test_only_links_into_the_exports_are_made(weekly: ModuleType) -> None:
    paths = ("javascript:alert(1)", "exports/../x", "/exports/x")
    html = "".join(f'<span class="pb-file" data-href="{path}">x</span>' for path in paths)
    output = weekly.output("display_data", data={"text/html": html})
    assert '<a class="pb-file"' not in page_of(weekly, weekly.code_cell("x", [output]))


def test_a_figure_has_its_description_caption_and_theme_colours(page: str) -> None:
    assert 'role="img" aria-label="Forecast demand rises from 90 to 118 units' in page
    assert "<figcaption>Band: 80 % interval of the forecast; 640 series summed.</figcaption>" in page
    assert "var(--figure-line, #dddddd)" in page
    assert re.search(r"light-dark\(#0072b2, #[0-9a-f]{6}\)", page)
    assert "DejaVu" not in page


def test_a_raster_figure_keeps_its_description(weekly: ModuleType) -> None:
    output = weekly.output(
        "display_data",
        data={"image/png": "QUJD\n", "application/vnd.jupyter.widget-view+json": {"model_id": "x"}},
        metadata={"image/png": {"alt": 'A "dense" cloud'}},
    )
    html = page_of(weekly, weekly.code_cell("x", [output]))
    assert '<img src="data:image/png;base64,QUJD" alt="A &#34;dense&#34; cloud">' in html


def test_records_and_widget_states_show_nothing(weekly: ModuleType) -> None:
    outputs = [
        weekly.recorded({"kind": "value", "name": "hidden result", "value": 1}),
        weekly.output(
            "display_data", data={"application/vnd.jupyter.widget-view+json": {"model_id": "hidden"}}
        ),
    ]
    assert "hidden" not in text_of(page_of(weekly, weekly.code_cell("record(1)", outputs)))


def test_the_code_is_there_but_folded_and_papermills_own_cell_is_not(page: str) -> None:
    assert page.count('<details class="code">') == 8
    assert "# Parameters" not in text_of(page)
    assert "ISO week" in page


def test_parameters_and_origin_stand_at_the_end(page: str) -> None:
    made = text_of(page[page.index('id="how-made"') :])
    for part in (
        "Computed in 12.3 s",
        "3f9c2a71d0",
        "2b48337",
        "quantiles 0.1, 0.5, 0.9",
        "review yes",
        "gap 0.0 %",
    ):
        assert part in made


def test_the_navigation_marks_this_page_and_names_failed_and_skipped_ones(page: str) -> None:
    assert '<a href="1_demand_forecast.html" aria-current="page">' in page
    assert text_of(page).count("Transport plan failed") == 1
    assert 'href="6_partner_scorecard.html"' not in page
    assert "Partner scorecard skipped" in text_of(page)


def test_a_warning_of_the_computation_is_a_folded_note_without_colour_codes(page: str) -> None:
    assert "Note from the computation (1 line)" in page
    assert "\x1b" not in page


def test_a_failed_page_says_so_at_the_top_and_at_the_step(failed_page: str) -> None:
    text = text_of(failed_page)
    assert "This page is not complete. It stopped at cell 5 with ValueError." in text
    assert "This step failed: ValueError" in text
    assert "Page failed" in text
    assert "An Exception was encountered" not in text
    assert "<b>W1</b>" not in failed_page
    assert "\x1b" not in failed_page


def test_a_page_without_its_error_output_still_says_that_it_failed(weekly: ModuleType) -> None:
    html = page_of(weekly, weekly.markdown("x"), failure=weekly.failure())
    assert "This page is not complete" in html


def test_what_the_run_says_of_itself_is_escaped(weekly: ModuleType) -> None:
    evil = weekly.EVIL
    failure = type(weekly.failure())(evil, evil, 1)
    html = page_of(
        weekly,
        weekly.markdown("x"),
        **dict.fromkeys(("name", "title", "week", "case_name", "as_of", "checks", "before_run"), evil),
        **dict.fromkeys(("fingerprint", "generated_at", "code_version", "planbook_version"), evil),
        failure=failure,
        solver=[evil],
        parameters={evil: evil},
    )
    assert html.count("<script") == 1
    assert "<img" not in html
    assert html.count("</style>") == 1


def test_markup_in_a_text_output_and_an_error_is_escaped(weekly: ModuleType) -> None:
    evil = weekly.EVIL
    outputs = [
        weekly.output("stream", name="stdout", text=evil),
        weekly.output("stream", name="stderr", text=evil),
        weekly.output("display_data", data={"text/plain": evil}),
        weekly.output("display_data", data={"text/markdown": evil}),
        weekly.output("error", ename=evil, evalue=evil, traceback=[evil]),
    ]
    html = page_of(weekly, weekly.code_cell("'" + evil + "'", outputs))
    assert html.count("<script") == 1
    assert "<img" not in html


def test_a_formula_is_shown_as_text(page: str) -> None:
    assert '<div class="formula">WAPE = Σ|F - A| ÷ ΣA</div>' in page


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, "not known"), (12.34, "12.3 s"), (185, "3 min 5 s"), (59.99, "60.0 s")]
)
def test_a_duration_is_said_for_a_reader(seconds: float | None, said: str) -> None:
    assert say_seconds(seconds).replace("\N{NO-BREAK SPACE}", " ") == said


@pytest.mark.parametrize(("count", "said"), [(640, "640 bytes"), (12_300, "12 kB"), (3_400_000, "3.4 MB")])
def test_a_file_size_is_said_for_a_reader(count: int, said: str) -> None:
    assert say_size(count).replace("\N{NO-BREAK SPACE}", " ") == said


@pytest.fixture(scope="module")
def explorer() -> str:
    """An explorer whose names look like all that a page rewrites in the output of a notebook."""
    name = (
        'id="how-made" href="#how-made" url(#how-made) <span class="pb-file" data-href="exports/x">x</span>'
    )

    def answer(settings: Settings) -> View:
        rows = pd.DataFrame({"decision": ["a"], "name": [name], "quantity": [1.0], "money": [2.0]})
        chart = Chart("bars", name, (name,), (Series(name, (1.0,), "setting"),), "money", name)
        closed = 1.0 if settings["closed"] else 0.4132
        return View(settings, (Kpi("WAPE", closed, "now"),), rows, no_limits(), chart, name)

    controls = (Choice("closed", name, "Sites", (("", "none"), (name, name)), "", name),)
    grid = {"closed": ("", name)}
    return explore(Decision("x", name, name, controls, answer, grid, "x"))._repr_html_()


def test_an_explorer_passes_through_but_for_the_style_of_its_own(weekly: ModuleType, explorer: str) -> None:
    output = weekly.output("display_data", data={"text/html": explorer})
    html = page_of(weekly, weekly.code_cell("x", [output]), before={"WAPE": 0.3}, history={"WAPE": [0.3]})
    assert re.sub(r"<style.*?</style>\n?", "", explorer, flags=re.DOTALL) in html
    assert "pb-since" not in html[html.index("<body>") :]
    assert "better than" not in html[html.index("<body>") :]


def test_data_of_explorers_are_not_scripts_and_the_policy_stays(weekly: ModuleType, explorer: str) -> None:
    output = weekly.output("display_data", data={"text/html": explorer})
    cell = weekly.code_cell("x", [output, output])
    html, plain = page_of(weekly, cell), page_of(weekly, weekly.markdown("x"))
    assert html.count('<script type="application/json" class="pb-grid">') == 2
    assert html.count("<script>") == 1
    policy = re.compile(r'Content-Security-Policy" content="([^"]*)"')
    assert policy.findall(html) == policy.findall(plain)


def test_a_page_explains_what_it_moves_with_one_small_script(page: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert "prepareExplorer" in script
    assert "innerHTML" not in script
    assert len(script.encode()) < 16_000
