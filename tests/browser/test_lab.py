"""JupyterLab as a consultant meets it: the first screen, rendered, at the client's desk."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from helpers.batch.notebooks import find_notebooks
from helpers.desk import lab_command, new_client, prepare_desk
from helpers.desk.lab import lab_environment

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.browser


def test_first_screen_is_rendered_and_leads_to_the_notebooks(chromium: Any, tmp_path: Path) -> None:
    client = new_client(tmp_path / "acme", find_notebooks(ROOT), "Acme")
    desk = prepare_desk(ROOT, client.folder)
    said = tmp_path / "said.txt"
    with said.open("w") as out:
        lab = subprocess.Popen(
            lab_command(desk, browser=False), env=lab_environment(desk), cwd=desk.folder, stderr=out
        )
    try:
        page = chromium.new_page()
        page.goto(_address(said))
        heading = page.wait_for_selector(".jp-RenderedMarkdown h1", timeout=120_000)
        assert heading.inner_text().startswith("Start here: Acme")
        page.click(".jp-RenderedMarkdown a:has-text('Inventory plan')")
        page.wait_for_selector(".jp-Notebook", timeout=60_000)
        page.close()
    finally:
        # A kernel that is still starting can hold up a polite end; its own watchdog ends it with the server.
        lab.kill()
        lab.wait(30)


def _address(said: Path) -> str:
    for _ in range(240):
        found = re.search(r"http://127\S+token=\w+", said.read_text())
        if found:
            return found.group()
        time.sleep(0.5)
    raise AssertionError(said.read_text())
