"""One answer at a time, and only for the newest question: what keeps a panel calm under a moving slider.

A burst of questions waits for a short pause and becomes one. While one is being answered, later ones replace
each other, and the answer to an old one is thrown away. The work runs in one thread for the whole process, so
that no two solves share the cores and the kernel stays free for the next move.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

PAUSE = 0.04  # seconds without a new question that end a burst
TICK = 1.0  # seconds between two words about how long it takes


@cache
def _worker() -> ThreadPoolExecutor:
    """The one thread that works for all panels of a kernel."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="planbook-what-if")


class Newest[Question, Answer]:
    """Ask as often as you like; the newest question is answered.

    Parameters
    ----------
    work
        Question → answer; runs in the worker, and must not raise.
    done
        Called with the newest question and its answer, where it was asked from.
    waiting
        Called with the whole seconds that the present answer has taken so far.
    is_quick
        Whether a question is answered at once, so that no thread is worth its while.
    pause
        Seconds without a new question that end a burst.
    """

    def __init__(
        self,
        work: Callable[[Question], Answer],
        done: Callable[[Question, Answer], None],
        waiting: Callable[[int], None] = lambda _: None,
        is_quick: Callable[[Question], bool] = lambda _: False,
        pause: float = PAUSE,
    ) -> None:
        self._work, self._done, self._waiting, self._is_quick = work, done, waiting, is_quick
        self._pause = pause
        self._wanted: list[Question] = []  # the newest question not yet begun, if there is one
        self._begin_soon: asyncio.TimerHandle | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._running: Future[Answer] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._wanted) or self._running is not None

    def ask(self, question: Question) -> None:
        """Ask; outside an event loop the answer comes before this returns."""
        self._wanted = [question]
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._answer_here()
            return
        if self._begin_soon:
            self._begin_soon.cancel()
        if self._running is None:
            self._begin_soon = loop.call_later(self._pause, self._begin, loop)

    def _answer_here(self) -> None:
        question = self._wanted.pop()
        self._done(question, self._work(question))

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._begin_soon = None
        if self._is_quick(self._wanted[0]):
            self._answer_here()
            return
        question = self._wanted.pop()
        self._running = _worker().submit(self._work, question)
        self._tick = loop.call_later(TICK, self._say_waiting, loop, 1)

        def finish(_: Future[Answer]) -> None:
            # A front end that is gone took its loop along; the next question begins anew.
            try:
                loop.call_soon_threadsafe(self._finish, loop, question)
            except RuntimeError:
                self._running = None

        self._running.add_done_callback(finish)

    def _say_waiting(self, loop: asyncio.AbstractEventLoop, seconds: int) -> None:
        self._waiting(seconds)
        self._tick = loop.call_later(TICK, self._say_waiting, loop, seconds + 1)

    def _finish(self, loop: asyncio.AbstractEventLoop, question: Question) -> None:
        finished, self._running = self._running, None
        if self._tick:
            self._tick.cancel()
        if self._wanted:
            self._begin(loop)
        elif finished:
            with contextlib.suppress(asyncio.CancelledError):
                self._done(question, finished.result())
