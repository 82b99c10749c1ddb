"""The look of a panel: JupyterLab's own colours where there are any, light and dark, narrow and wide."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def panel_style() -> str:
    """Return the style element that a panel brings along."""
    rules = (resources.files("helpers.whatif") / "panel.css").read_text(encoding="utf-8").strip()
    return f"<style>{rules}</style>"
