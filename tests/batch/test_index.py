from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from helpers.batch.index import kpi_history, kpi_values, render_reports_index, render_run_index


def text_of(html: str) -> str:
    body = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body).replace("\N{NO-BREAK SPACE}", " "))


def evil_everywhere(value: Any, evil: str) -> Any:
    """Return the same shape with every text, key and file name replaced by markup."""
    if isinstance(value, dict):
        return {key: evil_everywhere(item, evil) for key, item in value.items()}
    if isinstance(value, list):
        return [evil_everywhere(item, evil) for item in value]
    return evil if isinstance(value, str) else value


def test_the_index_of_a_run_lists_pages_with_verdict_status_and_time(weekly: ModuleType) -> None:
    html = render_run_index(weekly.manifest())
    text = text_of(html)
    assert "2 of 4 pages complete, 1 failed, 1 skipped in 41 s." in text
    assert '<a class="page-title" href="1_demand_forecast.html">Demand forecast</a>' in html
    assert "complete 12.3 s Order 14 products worth 62,207 by Tuesday." in text
    assert 'href="notebooks/1_demand_forecast.ipynb"' in html


def test_a_failed_page_is_listed_with_its_error_and_a_skipped_one_without_a_link(weekly: ModuleType) -> None:
    html = render_run_index(weekly.manifest())
    assert "ValueError at cell 3: lane L7 has no" in text_of(html).replace("ValueError  at", "ValueError at")
    assert '<span class="page-title">Partner scorecard</span>' in html


def test_exports_are_linked_with_rows_and_size(weekly: ModuleType) -> None:
    html = render_run_index(weekly.manifest())
    assert '<a href="exports/order_plan.csv" download>' in html
    assert "exports/order_plan.csv 147 1 kB" in text_of(html)
    assert "exports/planbook.xlsx \N{EN DASH} 1.2 MB" in text_of(html)


def test_only_results_with_a_direction_become_tiles(weekly: ModuleType) -> None:
    assert list(kpi_values(weekly.manifest())) == ["WAPE", "bias"]


def test_tiles_of_a_run_compare_with_the_run_before_of_the_same_case(weekly: ModuleType) -> None:
    other = weekly.manifest(46, case={"name": "another"})
    what_if = weekly.manifest(46, scenario="rush")
    later = weekly.manifest(48)
    html = render_run_index(weekly.manifest(), [later, other, what_if, weekly.manifest(45)])
    assert "better than 2026-W45" in text_of(html)
    assert "WAPE over 2 runs" in html


def test_a_first_run_compares_with_nothing(weekly: ModuleType) -> None:
    assert "better than" not in render_run_index(weekly.manifest())


def test_the_index_of_all_runs_has_the_newest_first_per_case(weekly: ModuleType) -> None:
    runs = [
        weekly.manifest(45),
        weekly.manifest(47),
        weekly.manifest(46),
        weekly.manifest(40, case={"name": "shop"}),
    ]
    html = render_reports_index(runs)
    assert re.findall(r'href="([^"]*)/index.html"', html) == ["2026-W47", "2026-W46", "2026-W45", "2026-W40"]
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", html) == ["Case sample", "Case shop"]
    assert "WAPE over 3 runs" in html


def test_a_what_if_is_listed_but_not_in_the_line_over_time(weekly: ModuleType) -> None:
    runs = [
        weekly.manifest(46),
        weekly.manifest(47),
        weekly.manifest(47, run="2026-W47-rush", scenario="rush"),
    ]
    html = render_reports_index(runs)
    assert 'href="2026-W47-rush/index.html"' in html
    assert "WAPE over 2 runs" in html


def test_without_runs_the_index_says_how_to_make_one() -> None:
    assert "planbook run" in render_reports_index([])


def test_history_has_a_gap_where_a_run_lacks_a_kpi(weekly: ModuleType) -> None:
    assert kpi_history([weekly.manifest(46), weekly.manifest(47, pages=[])])["bias"] == [-0.021, None]


def test_a_manifest_of_bare_bones_still_gives_an_index() -> None:
    bare: dict[str, Any] = {"run": "2026-W47"}
    assert "not known" in render_run_index(bare)
    assert "2026-W47" in render_reports_index([bare])


def test_everything_in_a_manifest_is_escaped(weekly: ModuleType) -> None:
    evil = evil_everywhere(weekly.manifest(), weekly.EVIL)
    evil["parameters"] = {weekly.EVIL: weekly.EVIL}
    evil["case"]["tables"] = {weekly.EVIL: {"rows": 1, "fingerprint": weekly.EVIL}}
    for record in evil["pages"][1]["records"]:
        record["better"] = "lower"
    for html in (render_run_index(evil), render_reports_index([evil, evil])):
        assert html.count("<script") == 1
        assert "<img" not in html
        assert html.count("</style>") == 1


def test_a_link_of_a_manifest_never_becomes_a_script(weekly: ModuleType) -> None:
    pages = [
        {
            "name": "x",
            "title": "x",
            "status": "ok",
            "html": "javascript:alert(1)",
            "notebook": "//elsewhere/x",
        }
    ]
    exports = [{"file": "javascript:alert(2)", "bytes": 1, "rows": 1}]
    html = render_run_index(weekly.manifest(pages=pages, exports=exports))
    assert 'href="javascript:' not in html
    assert 'href="//' not in html


def test_the_same_manifests_give_the_same_index(weekly: ModuleType) -> None:
    runs = [weekly.manifest(46), weekly.manifest(47)]
    assert render_reports_index(runs) == render_reports_index(list(reversed(runs)))
    assert render_run_index(runs[1], runs) == render_run_index(runs[1], runs)
