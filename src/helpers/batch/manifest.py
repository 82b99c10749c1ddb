"""`run.json`, the manifest: what was run, on which data, by which code, with which results.

Times stand only under the keys in `TIME_KEYS`; without them two runs on the same data with the
same history write the same manifest.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers import __version__
from helpers.memory import PACKAGES, code_version, package_version

MANIFEST = "run.json"
TIME_KEYS = ("started", "seconds")


def describe_software() -> dict[str, Any]:
    """Return the versions that a result depends on."""
    return {
        "planbook": __version__,
        "code_version": code_version(),
        "python": platform.python_version(),
        "packages": {name: package_version(name) for name in PACKAGES if name != "planbook"},
    }


def hash_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file of a run but the manifest and the index made from it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in files
        if path.relative_to(folder).as_posix() not in {MANIFEST, "index.html"}
    }


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a run; a figure that is not finite is null, as JSON has no NaN."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifests(reports: Path) -> list[dict[str, Any]]:
    """Return the manifests of all finished runs, the latest week first.

    A folder with an unreadable manifest is no run of ours and is passed over.
    """
    found = []
    for path in reports.glob(f"[!.]*/{MANIFEST}"):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            continue
    return sorted(found, key=lambda manifest: (manifest["week"], manifest["run"]), reverse=True)


def without_times(manifest: Any) -> Any:
    """Return a manifest without its times, for comparison."""
    if isinstance(manifest, Mapping):
        return {key: without_times(value) for key, value in manifest.items() if key not in TIME_KEYS}
    if isinstance(manifest, list):
        return [without_times(value) for value in manifest]
    return manifest


def earlier_runs(manifests: Sequence[dict[str, Any]], case_name: str, run: str) -> list[dict[str, Any]]:
    """Return the runs of the same case and of no scenario that come before a run, oldest first."""
    same = [m for m in manifests if m["case"]["name"] == case_name and not m["scenario"]]
    return sorted((m for m in same if m["week"] < run[: len("2026-W47")]), key=lambda m: str(m["week"]))


def base_run[M: Mapping[str, Any]](manifests: Sequence[M], fingerprint: str, week: str) -> M | None:
    """Return the run of no scenario of the same week on the same data: what a scenario is held against."""
    same = (m for m in manifests if m["case"]["fingerprint"] == fingerprint and not m["scenario"])
    return next((m for m in same if m["week"] == week), None)
