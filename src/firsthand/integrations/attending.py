"""What goes on beside a console while its host runs, as in ``firsthand serve``: it begins and ends with the host."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool

from firsthand.core.calling import lent
from firsthand.core.errors import JournalError
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.console.console import Console
from firsthand.surfaces.notify.deliverer import Deliverer
from firsthand.work.worker import Worker

LOG = logging.getLogger("firsthand")

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]

PAUSE = 5.0
"""Seconds after which a journal that could not be had is tried again."""


class Attending:
    """Has a console follow, what waits performed on so many threads, and people told, from ``start`` to ``stop``.

    A host is not to depend on the journal: where that cannot be had, it is tried again while the host runs.
    """

    def __init__(self, console: Console, workers: int) -> None:
        self.console = console
        self.workers = workers
        self.running = ExitStack()
        self.stopping = threading.Event()
        self.trying: threading.Thread | None = None

    def start(self) -> None:
        """Begin; raises ``DeskError`` where the desk is not right, and ``SettingsError``."""
        _ = self.console.desk.actions
        self.stopping.clear()
        if not self.began():
            self.trying = threading.Thread(target=self.keep_trying, name="firsthand-starting", daemon=True)
            self.trying.start()

    def began(self) -> bool:
        """Begin, and say whether the journal could be had."""
        desk = self.console.desk
        try:
            with ExitStack() as stack:
                self.console.start()
                assert isinstance(desk.journal, SqlJournal), "the console reads it in SQL"  # noqa: S101
                stack.enter_context(Deliverer(desk, desk.journal, desk.settings()))
                if self.workers:
                    stack.enter_context(Worker(desk, self.workers))
                self.running = stack.pop_all()
        except JournalError as error:
            LOG.warning("The desk %s cannot begin: %s", desk.name, error)
            return False
        return True

    def keep_trying(self) -> None:
        """Begin as soon as the journal can be had."""
        while not self.stopping.wait(PAUSE) and not self.began():
            pass

    def stop(self) -> None:
        """Begin nothing more, and return once all that is being performed has ended."""
        self.stopping.set()
        if self.trying is not None:
            self.trying.join()
        self.running.close()
        self.console.stop()


def attended(lifespan: Lifespan, console: Console, workers: int) -> Lifespan:
    """Return a host's lifespan with that of a console within: the host begins first, and ends last."""

    @asynccontextmanager
    async def both(app: Any) -> AsyncIterator[Any]:
        attending = Attending(console, workers)
        async with lifespan(app) as state:
            with lent(asyncio.get_running_loop()):
                await run_in_threadpool(attending.start)
                try:
                    yield state
                finally:
                    await run_in_threadpool(attending.stop)

    return both
