"""Makes `tiny_models.py`, beside this file, importable by its full name."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def _load(name: str) -> None:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "tiny_models.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


if "tests.solver.tiny_models" not in sys.modules:
    _load("tests.solver.tiny_models")
