"""Serving the workbench: what is refused before any server starts, and in which words."""

from __future__ import annotations

import importlib.util
import socket
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from helpers.cli import main
from helpers.commands.app import whole_source
from helpers.errors import MissingExtraError, PageError, ParameterError
from helpers.whatif import serve
from helpers.whatif.serve import AppSettings, find_workbench, serving


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "notebooks" / "9_what_if_workbench.ipynb"
    path.parent.mkdir()
    parameters = nbformat.v4.new_code_cell('source: str = "x"  # data', metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell("1")]), path)
    return path


@pytest.fixture
def voila(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())


def test_without_voila_it_says_what_to_install(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with (
        pytest.raises(MissingExtraError, match=r"pip install voila") as caught,
        serving(AppSettings(notebook)),
    ):
        pass
    assert caught.value.exit_code == 6


@pytest.mark.usefixtures("voila")
def test_a_port_that_is_taken_is_said_with_the_way_out(notebook: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(ParameterError, match=f"Port {port} .*--port"),
            serving(AppSettings(notebook, port=port)),
        ):
            pass


@pytest.mark.usefixtures("voila")
def test_a_notebook_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no such notebook"), serving(AppSettings(tmp_path / "x.ipynb")):
        pass


@pytest.mark.usefixtures("voila")
def test_a_server_that_ends_at_once_is_said_with_its_last_words(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(PageError, match="ended before it was ready"), serving(AppSettings(notebook, port=0)):
        pass


def test_the_copy_starts_where_the_notebook_stands_and_has_the_wanted_source(
    notebook: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    copy = nbformat.read(
        serve._with_parameters(AppSettings(notebook, {"source": "a'b"}), folder), as_version=4
    )
    names: dict[str, object] = {}
    where = Path.cwd()
    try:
        for cell in copy.cells[:2]:
            exec(cell.source, names)
        assert names["source"] == "a'b"
        assert Path.cwd() == notebook.parent.resolve()
    finally:
        import os

        os.chdir(where)


def test_parameters_without_a_cell_for_them_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    with pytest.raises(ParameterError, match="no cell of parameters"):
        serve._with_parameters(AppSettings(path, {"source": "x"}), tmp_path)


def test_the_workbench_is_found_from_below_and_its_absence_is_said(notebook: Path, tmp_path: Path) -> None:
    assert find_workbench(notebook.parent) == notebook
    with pytest.raises(ParameterError, match="inside the project"):
        find_workbench(Path(tmp_path.anchor))


def test_a_folder_is_given_whole_since_the_notebook_starts_elsewhere(tmp_path: Path) -> None:
    assert whole_source("env:THEIRS") == "env:THEIRS"
    assert whole_source(str(tmp_path)) == str(tmp_path.resolve())
    assert whole_source("") == ""


def test_data_and_a_client_together_are_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["app", "--data", "x", "--client", str(tmp_path)])
    assert result.exit_code == 2
    assert "not both" in result.stderr


def test_nobody_but_this_user_can_read_the_token(notebook: Path, tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def start(command: list[str], **options: object) -> None:
        seen.append(command)

    with pytest.MonkeyPatch.context() as patched, (tmp_path / "log").open("wb") as log:
        patched.setattr("subprocess.Popen", start)
        serve._start(notebook, 1, "secret", log)
    assert "secret" not in " ".join(seen[0])
    assert (notebook.parent / "voila.json").stat().st_mode & 0o077 == 0
    assert "secret" in (notebook.parent / "voila.json").read_text()


def test_the_command_prints_the_address_and_ends_with_words(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collections.abc import Iterator
    from contextlib import contextmanager
    from types import SimpleNamespace

    asked: list[AppSettings] = []

    @contextmanager
    def served(settings: AppSettings) -> Iterator[object]:
        asked.append(settings)

        def wait() -> int:
            raise KeyboardInterrupt

        yield SimpleNamespace(url="http://127.0.0.1:1/?token=t", process=SimpleNamespace(wait=wait))

    monkeypatch.setattr(serve, "serving", served)
    monkeypatch.chdir(notebook.parent)
    result = CliRunner().invoke(main, ["app", "--no-browser", "--port", "7"])
    assert result.exit_code == 0
    assert "http://127.0.0.1:1/?token=t" in result.output
    assert "closed" in result.output
    assert (asked[0].port, dict(asked[0].parameters)) == (7, {})
    wrong = CliRunner().invoke(main, ["app", "--no-browser", "--data", str(notebook.parent / "nowhere")])
    assert (wrong.exit_code, len(asked)) == (3, 1), (
        "data that cannot be read are refused before anything is served"
    )
    assert "nowhere" in wrong.stderr


@pytest.mark.parametrize("port", ["-1", "99999"])
def test_a_port_that_cannot_be_is_refused(port: str) -> None:
    result = CliRunner().invoke(main, ["app", "--no-browser", "--port", port])
    assert result.exit_code == 2
    assert "--port takes a number" in result.stderr
