"""Procrastinate as an engine: its jobs, in the same PostgreSQL, wake the workers of all machines.

A job is only the hint that a run is due: the journal decides who performs it. In the journal's own database the job is
deferred in the transaction that makes the run wait, so both are there or neither.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, cast

from firsthand.core.errors import SettingsError
from firsthand.core.runs import moment
from firsthand.settings import Settings
from firsthand.storage.beside import Beside
from firsthand.storage.database import Connection, Database
from firsthand.storage.postgresql import Postgresql, parse_url
from firsthand.work.engines import Callback

try:
    from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
    from procrastinate.exceptions import ProcrastinateException
    from procrastinate.jobs import Status
    from psycopg import AsyncConnection, Cursor, Error
    from psycopg_pool import ConnectionPool
except ImportError as error:
    raise SettingsError(
        "The engine procrastinate is not installed.", "pip install 'firsthand[procrastinate]'"
    ) from error

LOG = logging.getLogger("firsthand")

TASK = "firsthand.wake"
QUEUE = "firsthand"

WAIT = 2.0
"""Seconds that whoever wakes waits for a connection at most."""

AGAIN = 5.0
"""Seconds after which it is listened again, where the connection was lost."""

FIX = "procrastinate --app firsthand.work.procrastinate.app schema --apply"

BEGIN = "SAVEPOINT procrastinate; SET LOCAL search_path TO DEFAULT"
END = "SET LOCAL search_path = firsthand; RELEASE SAVEPOINT procrastinate"
UNDO = "ROLLBACK TO SAVEPOINT procrastinate; RELEASE SAVEPOINT procrastinate"
"""Around a job in a journal's transaction: procrastinate's tables are where this user's search path finds them, and
what it cannot do fails no run."""


class Procrastinate:
    """Wakes workers by jobs of procrastinate's, in the database of ``address`` (``postgresql://...``)."""

    def __init__(self, address: str) -> None:
        self.address, _ = parse_url(address)
        self.guard = threading.Lock()
        self.within = App(connector=SyncPsycopgConnector())
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
            warn(run, error)

    def beside(self, database: Database) -> Beside | None:
        """Return what defers a job in a transaction of the journal, where that is in the same database."""
        if not isinstance(database, Postgresql) or Postgresql(self.address).place != database.place:
            return None
        return self.defer

    def defer(self, connection: Connection, run: int, due: int) -> None:
        """Defer a job until the run is due, by a journal's connection, which is within a transaction."""
        connection.execute(BEGIN, None)
        try:
            plain = Plain(connection)
            self.within.configure_task(TASK, queue=QUEUE, schedule_at=moment(due), connection=plain).defer(run=run)
        except (ProcrastinateException, Error) as error:
            connection.execute(UNDO, None)
            warn(run, error)
        else:
            connection.execute(END, None)

    def require(self) -> None:
        """Raise ``SettingsError`` where procrastinate has no tables in the database, or that cannot be reached."""
        try:
            there = self.app().check_connection()
        except (ProcrastinateException, Error) as error:
            told = str(error.__cause__ or error).strip().partition("\n")[0]
            raise SettingsError(f"Procrastinate cannot reach its database: {told}.", "Look at the server.") from error
        if not there:
            raise SettingsError("Procrastinate has no tables in the database yet.", FIX)

    def listen(self, callback: Callback) -> Callable[[], None]:
        """Take jobs on a thread of its own, and have ``callback`` called for each; return what ends that."""
        loop, ready = asyncio.new_event_loop(), threading.Event()

        async def take() -> None:
            while True:
                try:
                    await taken(self.address, callback, ready)
                except (ProcrastinateException, Error) as error:
                    LOG.warning("Procrastinate does not wake now: %s", error)
                await asyncio.sleep(AGAIN)

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


class Plain:
    """A journal's connection as procrastinate uses one: its statements are taken as they are."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def cursor(self, **given: Any) -> Cursor[Any]:
        """Return a cursor of psycopg's own."""
        return Cursor(cast(Any, self.connection), **given)


async def taken(address: str, callback: Callback, ready: threading.Event) -> None:
    """Take jobs and have ``callback`` called for each, until cancelled; raises where the connection is lost.

    What killed workers had taken is taken away first: it has rung, or the run is found without it.
    """
    app = App(connector=PsycopgConnector(conninfo=address, configure=leniently))

    @app.task(name=TASK, queue=QUEUE)
    async def wake(run: int) -> None:
        callback()

    async with app.open_async():
        for left in await app.job_manager.get_stalled_jobs(queue=QUEUE):
            await app.job_manager.finish_job(left, Status.ABORTED, delete_job=True)
        ready.set()
        await app.run_worker_async(queues=[QUEUE], install_signal_handlers=False, delete_jobs="always")


async def leniently(connection: AsyncConnection[Any]) -> None:
    """Let a connection not wait for the disk: that a hint was heard need not be durable."""
    await connection.set_autocommit(True)
    await connection.execute("SET synchronous_commit = off")


def ended(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    """Run a loop until its task is cancelled."""
    try:
        loop.run_until_complete(task)
    except asyncio.CancelledError:
        LOG.debug("Procrastinate is not listened to any more.")
    finally:
        loop.close()


def warn(run: int, error: Exception) -> None:
    """Log that a job could not be deferred; a worker finds the run by itself."""
    LOG.warning("Procrastinate cannot be told of run %s: %s", run, error.__cause__ or error)


def __getattr__(name: str) -> App:
    """Return ``app``, which procrastinate's own command needs, such as for its tables: on the settings' database."""
    if name == "app":
        return App(connector=PsycopgConnector(conninfo=parse_url(Settings.load().database)[0]))
    raise AttributeError(name)
