"""Read back what an executed notebook left: its named results and its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

from helpers.report.records import RECORD_MIME


def read_records(notebook: NotebookNode) -> list[dict[str, Any]]:
    """Return the named results of a notebook in the order of their first appearance.

    A name recorded again with the same window replaces the earlier value: the last word counts.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for body in _bodies(notebook):
        if body.get("kind") == "value":
            fields = {key: value for key, value in body.items() if key != "kind"}
            found[str(body.get("name")), str(body.get("window", ""))] = fields
    return list(found.values())


def read_headline(notebook: NotebookNode) -> str:
    """Return the verdict of a notebook in one sentence; empty where it has none."""
    return _verdict(notebook).get("sentence", "")


def read_status_word(notebook: NotebookNode) -> str:
    """Return the status word beside the verdict (`go`, `go with care`, `stop`), if there is one."""
    return _verdict(notebook).get("status", "")


def _verdict(notebook: NotebookNode) -> dict[str, str]:
    """Return the first headline: the one that answers the page's question."""
    for body in _bodies(notebook):
        sentences = body.get("sentences") or []
        if body.get("kind") == "headline" and sentences:
            return {"sentence": str(sentences[0]), "status": str(body.get("status", ""))}
    return {}


def _bodies(notebook: NotebookNode) -> Iterator[dict[str, Any]]:
    """Yield all records among the outputs."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            body = output.get("data", {}).get(RECORD_MIME)
            if isinstance(body, dict):
                yield dict(body)
