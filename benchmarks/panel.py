"""How long from a moved slider to the new picture, in JupyterLab and in the app, and what memory that costs.

    python benchmarks/panel.py DECISION... [--case data/sample] [--moves 100] [--in lab|app|both]

DECISION is `demand`, `inventory`, `transport` or `customers` on the case, or a Python file that leaves a
`helpers.whatif.Decision` called `decision`. A real Chromium walks its first two sliders with the arrow keys.
Time runs from the key press to the animation frame after the panel shows the new setting: tiles and chart
come as one text. New views are settings that nobody asked for before. The heavy results behind a decision
come from the project's memory; make them first (`planbook run`), or the first start takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

CELL = """import runpy

from helpers.whatif.panel import show_panel

show_panel(runpy.run_path({path!r})["decision"])"""
SUITE_CELL = """from helpers.contract import load_case
from helpers.whatif.panel import show_panel
from helpers.whatif.prepare import prepare

show_panel(prepare({name!r}, load_case({case!r}), {{}}).decision)"""

CLOCK = """() => {
  const root = document.querySelector('.pb-whatif');
  const said = () => (root.querySelector('.pb-said') || {dataset: {}}).dataset.settings;
  const before = said();
  window.pbMoved = new Promise((resolve) => {
    let start = null;
    root.addEventListener('keydown', () => { start = performance.now(); }, {capture: true, once: true});
    const watch = new MutationObserver(() => {
      if (start === null || !said() || said() === before) return;
      watch.disconnect();
      requestAnimationFrame(() => resolve(performance.now() - start));
    });
    watch.observe(root, {childList: true, subtree: true, characterData: true});
  });
}"""
HANDLE = ".pb-control .noUi-handle"


def cell_of(decision: str, case: Path) -> str:
    """Return the code that shows the panel of a decision of the suite, or of a Python file."""
    if decision.endswith(".py"):
        return CELL.format(path=str(Path(decision).resolve()))
    return SUITE_CELL.format(name=decision, case=str(case.resolve()))


def write_notebook(folder: Path, *cells: str, name: str = "panel.ipynb") -> Path:
    """Write a notebook of code cells."""
    import nbformat

    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    node = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
    )
    path = folder / name
    nbformat.write(node, path)
    return path


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """Serve a folder in a JupyterLab of its own, without the settings of this user; gives its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = folder / ".own"
    settings = own / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": "panel",
        "LabApp.user_settings_dir": own / "settings",
        "LabApp.workspaces_dir": own / "workspaces",
        "LabApp.extension_manager": "readonly",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(own / "config"), "OMP_NUM_THREADS": "1"}
    with (folder / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in options.items())],
            stdout=log, stderr=log, env=environment,
        )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/api")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def wait_for(address: str, seconds: float = 60) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def run_in_lab(page: Any, address: str, notebook: str, seconds: float = 60) -> None:
    """Open a notebook in JupyterLab, run all its cells, and wait for the first panel."""
    page.goto(f"{address}/doc/tree/{notebook}?token=panel")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    started = "!/^\\[ \\]/.test(document.querySelector('.jp-CodeCell .jp-InputPrompt').textContent.trim())"
    for _ in range(10):  # a kernel that is only just connected lets the first keys fall
        page.click(".lm-MenuBar-item:has-text('Run')")
        page.click(".lm-Menu-item:has-text('Run All Cells')")
        page.wait_for_timeout(1000)
        if page.evaluate(started):
            break
    page.wait_for_selector(".pb-whatif .pb-said", timeout=1000 * seconds)


def move(page: Any, slider: int, key: str) -> float:
    """Press a key on a slider; returns the milliseconds until the panel shows the new setting."""
    page.locator(HANDLE).nth(slider).focus()
    page.evaluate(CLOCK)
    page.keyboard.press(key)
    return float(page.evaluate("window.pbMoved"))


def at_end(page: Any, slider: int, key: str) -> bool:
    """Whether a slider cannot go further."""
    end = "aria-valuemax" if key == "ArrowRight" else "aria-valuemin"
    handle = page.locator(HANDLE).nth(slider)
    return bool(handle.get_attribute("aria-valuenow") == handle.get_attribute(end))


def walk_new(page: Any, moves: int) -> list[float]:
    """Walk over settings that are all new: along the first slider, one step of the second, and back."""
    times: list[float] = []
    key, turned = "ArrowRight", 0
    while len(times) < moves:
        if turned == 8 or at_end(page, 0, key):
            key, turned = ("ArrowLeft" if key == "ArrowRight" else "ArrowRight"), 0
            up = "ArrowLeft" if at_end(page, 1, "ArrowRight") else "ArrowRight"
            times.append(move(page, 1, up))
        else:
            times.append(move(page, 0, key))
            turned += 1
    return times


def walk_seen(page: Any, moves: int) -> list[float]:
    """Walk to and fro between two settings that were both shown before."""
    keys = ["ArrowLeft", "ArrowRight"] if at_end(page, 0, "ArrowRight") else ["ArrowRight", "ArrowLeft"]
    for key in keys:
        move(page, 0, key)
    return [move(page, 0, keys[place % 2]) for place in range(moves)]


def press_in_bursts(page: Any, moves: int, size: int = 10) -> None:
    """Press arrow keys as fast as the browser takes them, in bursts, and wait for rest at the end."""
    for burst in range(moves // size):
        page.locator(HANDLE).nth(0).focus()
        for place in range(size):
            page.keyboard.press("ArrowRight" if (burst + place // 3) % 2 else "ArrowLeft")
        page.wait_for_timeout(30)
    page.wait_for_timeout(400)


def heap(page: Any) -> int:
    """Return the bytes that the page's objects hold, after a collection."""
    session = page.context.new_cdp_session(page)
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    used = int(session.send("Runtime.getHeapUsage")["usedSize"])
    session.detach()
    return used


def summary(times: Sequence[float]) -> dict[str, float]:
    """Return median, 95th percentile and longest, in milliseconds."""
    ordered = sorted(times)
    ninety_five = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {
        "p50": round(statistics.median(ordered)),
        "p95": round(ninety_five),
        "longest": round(ordered[-1]),
    }


def measure(page: Any, moves: int) -> dict[str, object]:
    """Measure a panel that is on the page."""
    for key in ("ArrowRight", "ArrowLeft"):
        move(page, 0, key)
    new, seen = walk_new(page, moves), walk_seen(page, moves)
    press_in_bursts(page, 20)
    before = heap(page)
    press_in_bursts(page, moves)
    growth = heap(page) / before - 1
    return {
        "new_ms": summary(new),
        "seen_ms": summary(seen),
        "heap_mb": round(before / 1e6, 1),
        "heap_growth": round(growth, 4),
        "charts": page.locator(".pb-whatif svg.pb-chart").count(),
    }


def measure_lab(browser: Any, cell: str, moves: int) -> dict[str, object]:
    """Measure in JupyterLab; page-ready is from the address to the panel, with the cell run by hand."""
    with tempfile.TemporaryDirectory(prefix="panel-") as text:
        folder = Path(text)
        notebook = write_notebook(folder, cell)
        with lab(folder) as address, closing(browser.new_context()) as context:
            page = context.new_page()
            started = time.perf_counter()
            run_in_lab(page, address, notebook.name, 600)
            ready = time.perf_counter() - started
            return {"ready_s": round(ready, 1), **measure(page, moves)}


def measure_app(browser: Any, cell: str, moves: int) -> dict[str, object]:
    """Measure in the app: page-ready for a visitor who comes at once, and for one who finds a kernel warm."""
    from helpers.whatif.serve import AppSettings, serving

    with tempfile.TemporaryDirectory(prefix="panel-") as text:
        notebook = write_notebook(Path(text), cell)
        started = time.perf_counter()
        with serving(AppSettings(notebook, port=0)) as app, closing(browser.new_context()) as context:
            served = time.perf_counter() - started
            cold = _seconds_to_panel(context.new_page(), app.url)
            time.sleep(served + cold + 5)
            page = context.new_page()
            warm = _seconds_to_panel(page, app.url)
            ready = {"served_s": served, "ready_cold_s": cold, "ready_warm_s": warm}
            return {**{name: round(value, 1) for name, value in ready.items()}, **measure(page, moves)}


def _seconds_to_panel(page: Any, address: str) -> float:
    started = time.perf_counter()
    page.goto(address, timeout=300_000)
    page.wait_for_selector(".pb-whatif .pb-said", timeout=300_000)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("decisions", nargs="+", metavar="DECISION")
    parser.add_argument("--case", type=Path, default=Path("data/sample"))
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--in", dest="place", choices=("lab", "app", "both"), default="both")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    from helpers.memory import ROOT_VARIABLE, find_desk

    # the notebooks are written elsewhere, and would not find it
    os.environ.setdefault(ROOT_VARIABLE, str(find_desk() / ".planbook"))
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for decision in options.decisions:
            for name, measured in (("lab", measure_lab), ("app", measure_app)):
                if options.place in {name, "both"}:
                    found = measured(browser, cell_of(decision, options.case), options.moves)
                    load = round(os.getloadavg()[0], 1)
                    print(decision, name, json.dumps({**found, "load": load}), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
