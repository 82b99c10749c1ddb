"""A progress bar with page names and times; a plain line per page where nobody watches."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Never

from tqdm import tqdm

from helpers.batch.execute import Outcome


class Progress:
    """Counts pages as they finish."""

    def __init__(self) -> None:
        self._bar: tqdm[Never] | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def tell(self, outcome: Outcome, total: int) -> None:
        """Show that a page is done, how it went and how long it took."""
        bar = self._bar or tqdm(total=total, unit="page", disable=not sys.stderr.isatty(), leave=False)
        self._bar = bar
        why = f"  {outcome.error['name']}: {outcome.error['message']}" if outcome.error else ""
        line = f"  {outcome.name:24} {outcome.status:7} {outcome.seconds:6.1f} s{why}"
        bar.write(line, file=sys.stderr)
        bar.update()
