"""Procrastinate as an engine: its jobs, in the same PostgreSQL, wake the workers of all machines.

A job is only the hint that a run is due: the journal decides who performs it. Needs procrastinate, and its schema in
the database (``procrastinate schema --apply``).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ProcrastinateException
from psycopg import Error
from psycopg_pool import ConnectionPool

from firsthand.core.runs import moment
from firsthand.work.engines import Callback

LOG = logging.getLogger("firsthand")

TASK = "firsthand.wake"
QUEUE = "firsthand"

WAIT = 2.0
"""Seconds that whoever wakes waits for a connection at most."""


class Procrastinate:
    """Wakes workers by jobs of procrastinate's, in the database of ``address`` (``postgresql://...``)."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.guard = threading.Lock()
        self.opened: App | None = None

    def app(self) -> App:
        """Return the connection pool by which jobs are deferred, opened when first used."""
        with self.guard:
            if self.opened is None:
                self.pool = ConnectionPool(self.address, min_size=1, max_size=4, timeout=WAIT, open=True)
                self.opened = App(connector=SyncPsycopgConnector())
                self.opened.open(self.pool)
            return self.opened

    def wake(self, run: int, due: int) -> None:
        """Defer a job until the run is due; what cannot be deferred now is found by the workers themselves."""
        try:
            self.app().configure_task(TASK, queue=QUEUE, schedule_at=moment(due)).defer(run=run)
        except (ProcrastinateException, Error) as error:
            LOG.warning("Procrastinate cannot be told of run %s: %s", run, error)

    def listen(self, callback: Callback) -> Callable[[], None]:
        """Take jobs on a thread of its own, and have ``callback`` called for each; return what ends that."""
        loop, ready = asyncio.new_event_loop(), threading.Event()
        app = App(connector=PsycopgConnector(conninfo=self.address))

        @app.task(name=TASK, queue=QUEUE)
        def wake(run: int) -> None:
            callback()

        async def take() -> None:
            async with app.open_async():
                ready.set()
                await app.run_worker_async(queues=[QUEUE], install_signal_handlers=False, delete_jobs="always")

        task = loop.create_task(take())
        thread = threading.Thread(target=ended, args=(loop, task), name="firsthand-procrastinate", daemon=True)
        thread.start()
        ready.wait(5)

        def end() -> None:
            loop.call_soon_threadsafe(task.cancel)
            thread.join(10)

        return end

    def close(self) -> None:
        """Close the connection pool."""
        with self.guard:
            if self.opened is not None:
                self.pool.close()
                self.opened = None


def ended(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    """Run a loop until its task has ended, whether it was told to or could not go on."""
    try:
        loop.run_until_complete(task)
    except asyncio.CancelledError:
        LOG.debug("Procrastinate is not listened to any more.")
    except (ProcrastinateException, Error) as error:
        LOG.warning("Procrastinate has stopped waking: %s", error)
    finally:
        loop.close()
