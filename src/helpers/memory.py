"""Results computed once per (data fingerprint, settings, code version) and kept on disk.

Every page that needs the forecast gets the same one, each notebook also runs alone in any
order, and a rerun after a failure is quick. The folder is named by the code version, so a
change of code never meets an old result. The memory itself is joblib's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

ROOT_VARIABLE = "PLANBOOK_MEMORY"
FORGET_VARIABLE = "PLANBOOK_FORGET"
CLIENT_FILE = "client.yaml"
PACKAGES = ("planbook", "pandas", "numpy", "duckdb", "statsforecast", "pulp", "highspy", "scipy")
KEPT_DAYS = 30


class HasFingerprint(Protocol):
    """Anything whose content is named by a fingerprint, as a `Case` is."""

    @property
    def fingerprint(self) -> str:
        """Name of the content."""


def remember[C: HasFingerprint, S, R](
    verb: Callable[..., R], case: C, settings: S, *results: HasFingerprint
) -> R:
    """Return `verb(case, settings, *results)`, from disk where it was computed before.

    Two processes that ask for the same at once compute it once: the second waits for the first.

    Parameters
    ----------
    verb
        A pure public verb of a decision room, such as `forecast_demand`.
    case
        The data; only its fingerprint takes part in the name of the result.
    settings
        A frozen dataclass; all its fields take part.
    results
        What other verbs gave and this one builds on, such as a forecast; their fingerprints take part.
    """
    import joblib
    from filelock import FileLock

    # An unreadable or older entry is computed again, which is what a memory is for.
    memory = joblib.Memory(memory_folder() / "results", verbose=0)
    cached: Callable[..., R] = memory.cache(_call, ignore=["verb", "case", "results"])
    name = f"{verb.__module__}.{verb.__qualname__}"
    prints = (case.fingerprint, *(result.fingerprint for result in results))
    arguments = (verb, case, results, name, prints, settings)
    with FileLock(_lock_of(arguments)):
        if os.environ.get(FORGET_VARIABLE):
            result: R = _forget_once(cached, arguments)
            return result
        return cached(*arguments)


def _lock_of(arguments: tuple[Any, ...]) -> Path:
    """Return the file that is locked while these arguments are computed; a dead process leaves no lock."""
    folder = memory_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{_digest(arguments[3:])}.lock"


def _call(
    verb: Callable[..., Any],
    case: object,
    results: tuple[object, ...],
    name: str,
    fingerprints: tuple[str, ...],
    settings: object,
) -> Any:
    """Call the verb; `name`, `fingerprints` and `settings` are the key of the memory."""
    del name, fingerprints
    return verb(case, settings, *results)


def _forget_once(cached: Any, arguments: tuple[Any, ...]) -> Any:
    """Compute anew once per forced run, so that two pages of it still share the result."""
    marker = memory_folder() / "forced" / f"{os.environ[FORGET_VARIABLE]}-{_digest(arguments[3:])}"
    if not marker.exists():
        if cached.check_call_in_cache(*arguments):
            cached.call_and_shelve(*arguments).clear()
        result = cached(*arguments)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        return result
    return cached(*arguments)


def _digest(parts: tuple[Any, ...]) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


def memory_folder() -> Path:
    """Return the folder of this code version, made if it is not there."""
    folder = _memory_root() / code_version()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def prune_memory(now: float | None = None) -> list[Path]:
    """Remove results and cases that no run has touched for 30 days; return what went."""
    limit = (time.time() if now is None else now) - KEPT_DAYS * 86_400
    root = _memory_root()
    old = [folder for folder in root.glob("*") if folder.is_dir() and folder.name != code_version()]
    old += list((memory_folder() / "cases").glob("*"))
    gone = [folder for folder in old if folder.stat().st_mtime < limit]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return gone


def _memory_root() -> Path:
    """`PLANBOOK_MEMORY`, or `.planbook` in the client's folder, the project, or else the present folder."""
    if os.environ.get(ROOT_VARIABLE):
        return Path(os.environ[ROOT_VARIABLE]).resolve()
    return find_desk() / ".planbook"


def find_desk(start: Path | None = None) -> Path:
    """Return where work at `start` belongs: the client's folder around it, the project, or the folder itself.

    What is remembered, exported and saved of a client's data stays in the client's folder, from whichever
    folder below it a notebook was opened.
    """
    here = (start or Path.cwd()).resolve()
    return find_client(here) or find_project(here) or here


def find_client(start: Path | None = None) -> Path | None:
    """Return the nearest folder at or above `start` that `planbook new-client` made: it holds client.yaml."""
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / CLIENT_FILE).is_file()), None)


def find_project(start: Path | None = None) -> Path | None:
    """Return the nearest folder at or above `start` that holds notebooks/ and pyproject.toml."""
    here = (start or Path.cwd()).resolve()
    folders = (here, *here.parents)
    return next((f for f in folders if (f / "notebooks").is_dir() and (f / "pyproject.toml").is_file()), None)


@cache
def code_version() -> str:
    """Return a short name for this code and the packages whose results it keeps."""
    digest = hashlib.blake2b(digest_size=6)
    package = Path(__file__).parent
    for path in sorted(package.rglob("*")):
        if path.suffix in {".py", ".csv"}:
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes())
    for name in PACKAGES:
        digest.update(f"{name} {package_version(name)}".encode())
    return digest.hexdigest()


def package_version(name: str) -> str:
    """Return the installed version of a package, or `absent`."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"
