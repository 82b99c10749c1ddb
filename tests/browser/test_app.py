"""The app in a browser: no way in without the token, no code, no request to the web, the same figures."""

from __future__ import annotations

import runpy
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import pytest

from helpers.whatif.serve import App, AppSettings, serving

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
DRIVE = runpy.run_path(str(HERE.parents[1] / "benchmarks" / "panel.py"), run_name="panel")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("app")
    cell = DRIVE["cell_of"](str(HERE / "shown_decision.py"), HERE)
    notebook = DRIVE["write_notebook"](folder, cell)
    node = nbformat.read(notebook, as_version=4)
    node.cells.insert(
        0, nbformat.v4.new_code_cell('source: str = ""  # data', metadata={"tags": ["parameters"]})
    )
    node.cells.append(
        nbformat.v4.new_code_cell("import os\nprint('reads', source, 'in', os.path.basename(os.getcwd()))")
    )
    nbformat.write(node, notebook)
    with serving(AppSettings(notebook, {"source": "their/data"}, port=0)) as app:
        yield app


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    with closing(chromium.new_context(viewport={"width": 1280, "height": 900})) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        yield page


def test_without_the_token_nobody_gets_in(running: App, page: Any) -> None:
    address = running.url.split("?")[0]
    page.goto(address)
    assert "/login" in page.url
    assert page.locator(".pb-whatif").count() == 0
    for hidden in ("voila/files/voila.json", "api/kernels", "voila/render/voila.json"):
        answer = page.request.get(address + hidden)
        assert answer.status >= 400 or "/login" in answer.url


def test_it_listens_on_the_loopback_address_alone(running: App) -> None:
    port = int(running.url.split(":")[2].split("/")[0])
    own = [found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    for address in {str(one) for one in own if not str(one).startswith("127.")}:
        with closing(socket.socket()) as probe:
            probe.settimeout(2)
            assert probe.connect_ex((address, port)) != 0


def test_a_visitor_moves_a_slider_and_sees_no_code(running: App, page: Any) -> None:
    left: list[str] = []
    page.on("requestfinished", lambda request: left.append(request.url))
    page.goto(running.url)
    page.wait_for_selector(".pb-whatif .pb-said")
    page.locator(".pb-control .noUi-handle").nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.locator(".pb-kpi[data-value='1010.0']").wait_for()
    assert "show_panel(" not in page.content()
    assert page.locator("text=reads their/data in app").count() == 1
    assert [url for url in left if not url.startswith(("http://127.0.0.1", "data:", "blob:"))] == []
