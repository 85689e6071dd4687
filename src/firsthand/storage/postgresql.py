"""A PostgreSQL database as the journal uses it: a schema of its own, ``firsthand``, in any database.

The statements are those that SQLite gets; ``dialect`` translates what differs. What is rare is written one at a time,
under a lock, as SQLite does it; a run's steps guard themselves and wait for nobody.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from firsthand.core.errors import JournalError, JournalUnavailable, SettingsError
from firsthand.storage.database import Connection, Proof, Values
from firsthand.storage.doubts import AnswerLost
from firsthand.storage.pool import OPENED, Pool
from firsthand.storage.present import Present

try:
    import psycopg
    from psycopg import errors

    from firsthand.storage import schema_postgresql as schema
    from firsthand.storage.dialect import Session, prepared
    from firsthand.storage.transaction import BEGIN, EPOCH, Transaction, beginning_alone, is_lost
except ImportError as error:
    raise SettingsError(
        "A journal on PostgreSQL needs psycopg, which is not installed.", "pip install 'firsthand[postgresql]'"
    ) from error

T = TypeVar("T")

WAIT = 4
"""Seconds that a writer waits for others before it says so."""

NETWORK: Mapping[str, Any] = {
    "connect_timeout": WAIT,
    "application_name": "firsthand",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""How a connection is made, unless the URL says otherwise; one to a host that is lost breaks within 25 seconds."""

OPTIONS = {"mode": ("rw", "ro"), "synchronous": ("on", "off")}


class Postgresql:
    """A database of a PostgreSQL server: ``write`` and ``commit`` commit some work, ``read`` reads.

    Safe for threads, and across ``fork``. ``synchronous_commit`` and ``fsync`` must be on: an outcome that the
    server has only promised is no record.
    """

    pairs = True
    skipping = "FOR UPDATE OF runs SKIP LOCKED"

    def __init__(self, url: str) -> None:
        self.address, self.options = parse_url(url)
        self.told = Told(self.explained)
        self.reset()
        OPENED.add(self)

    def reset(self) -> None:
        """Start without connections, at first and in a forked child."""
        self.pool = Pool(self.connect, psycopg.Error)
        self.local = threading.local()
        self.guard = threading.Lock()
        self.present: Present | None = None
        self.verified = False

    def forget(self) -> None:
        """Let go, in a forked child, of its parent's connections, which stay unused: to close one would end it."""
        self.inherited = (self.pool, self.present)
        self.reset()

    @property
    def read_only(self) -> bool:
        """Whether the URL says ``mode=ro``."""
        return self.options.get("mode") == "ro"

    @property
    def place(self) -> str:
        """The host, port and name of the database."""
        found = psycopg.conninfo.conninfo_to_dict(self.address)
        host, port = found.get("host") or "the local socket", found.get("port") or "5432"
        return f"{found.get('dbname') or 'the database'} on {host}:{port}"

    def beside(self, name: str) -> Path:
        """Return the path of a file in this database's folder of this machine, made with its first file."""
        home = Path(os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser())
        return home / "firsthand" / blake2b(self.place.encode(), digest_size=8).hexdigest() / name

    def size(self) -> int:
        """Return the bytes of the journal's tables and their indexes."""
        sql = """SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'firsthand' AND c.relkind = 'r'"""
        return int(self.read(sql)[0][0])

    def presence(self) -> Present:
        """Return this process's presence."""
        with self.guard:
            if self.present is None:
                self.present = Present(self.connect, self.explained, psycopg.Error)
            return self.present

    def connect(self) -> Session:
        """Open a connection; raises ``JournalUnavailable``."""
        try:
            session = Session.connect(**{**NETWORK, **psycopg.conninfo.conninfo_to_dict(self.address)}, autocommit=True)
            prepared(session, read_only=self.read_only, lenient=self.options.get("synchronous") == "off")
            check_durable(session, lenient=self.options.get("synchronous") == "off")
        except psycopg.Error as error:
            raise self.explained(error) from error
        return session

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a connection; faults are told in words, and a connection that broke is not lent again."""
        with self.told, self.pool.lent() as session:
            yield session

    def require(self) -> None:
        """Raise ``JournalMissing`` or ``JournalOutdated`` where there is nothing to read."""
        if not self.verified:
            with self.session() as session:
                schema.require_latest(session, self.place)
            self.verified = True

    def verify(self, connection: Connection) -> None:
        """Raise ``JournalOutdated`` unless the schema is one that this version can write, within a transaction."""
        schema.require_latest(cast(Session, connection), self.place)

    def set_up(self) -> None:
        """Make a database without a journal one; an existing one must be up to date."""
        if not self.verified and not self.read_only:
            with self.session() as session:
                if schema.version_of(session) == 0:
                    schema.set_up(session)
        self.require()

    def upgrade(self) -> bool:
        """Bring the journal up to date; say whether there was anything to do."""
        with self.session() as session:
            done = schema.upgrade(session, self.presence().alive)
        self.require()
        return done

    def write(self, work: Callable[[Connection], T], *, proof: Proof | None = None) -> T:
        """Commit some work durably while nobody else does such, and return its result."""
        return self.transact(beginning_alone(schema.WRITING), work, proof)

    def commit(self, work: Callable[[Connection], T], *, single: bool = False, proof: Proof | None = None) -> T:
        """Commit some work durably whose own statements say what they need to find; ``single`` is one statement."""
        if not single:
            return self.transact(BEGIN, work, proof)
        with self.told, self.pool.lent() as session:
            try:
                return work(cast(Connection, session))
            except psycopg.Error as error:
                if is_lost(session, error):
                    session.close()
                    raise AnswerLost(*self.doubt) from error
                raise

    def transact(self, begin: str, work: Callable[[Connection], T], proof: Proof | None) -> T:
        """Commit some work in a transaction of its own; where its connection is lost, find out what became of it.

        What was not committed is tried once more, on another connection. Raises ``AnswerLost`` where that cannot be
        found out.
        """
        for more in (True, False):
            transaction: Transaction[T] = Transaction(begin, cast(Callable[[Any], T], work), proof)
            with self.told:
                try:
                    with self.pool.lent() as session:
                        return transaction.commit(session)
                except psycopg.Error:
                    if not transaction.lost or not (more or transaction.asked):
                        raise
                    if self.was_committed(transaction):
                        return cast(T, transaction.result)
                    if not more:
                        raise
        raise AssertionError("the last try returns or raises")

    def was_committed(self, transaction: Transaction[Any]) -> bool:
        """Say what became of a transaction whose connection was lost; raises ``AnswerLost``."""
        committed = partial(transaction.committed, self.pool)
        try:
            return committed()
        except (psycopg.Error, JournalUnavailable) as error:
            raise AnswerLost(*self.doubt, committed, transaction.result) from error

    @property
    def doubt(self) -> tuple[str, str]:
        """What is told where an answer is lost, and what to do."""
        return (
            f"The journal {self.place} was lost while something was being recorded, and it could not be found out "
            "whether that is on record.",
            "Look before you do it again; firsthand run and firsthand feed tell.",
        )

    def imports(self) -> None:
        """Note that much is written at once: nothing to do here."""

    def new_ids(self, connection: Connection, number: int) -> Sequence[int]:
        """Return the ids of so many runs that are to be inserted in this transaction."""
        sql = "SELECT nextval(pg_get_serial_sequence('firsthand.runs', 'id')) FROM generate_series(1, ?)"
        return [int(id) for (id,) in connection.execute(sql, (number,)).fetchall()]

    def read(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query; where its connection is lost it is asked once more."""
        self.require()
        held: Session | None = getattr(self.local, "session", None)
        with self.told:
            if held is not None:
                return held.execute(sql, values).fetchall()
            with self.pool.lent() as session:
                try:
                    return session.execute(sql, values).fetchall()
                except psycopg.Error as error:
                    if not is_lost(session, error):
                        raise
                    session.close()
            with self.pool.lent() as session:
                return session.execute(sql, values).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let this thread's reads see one state of the database."""
        self.require()
        with self.session() as session:
            session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self.local.session = session
            try:
                yield
            finally:
                self.local.session = None
                if not session.closed:
                    session.execute("ROLLBACK")

    def close(self) -> None:
        """Close all connections."""
        self.pool.close()
        if self.present is not None:
            self.present.close()
        self.reset()

    def explained(self, error: Exception) -> JournalError:
        """Return a fault of PostgreSQL's in words: which it is, and what to do."""
        for kinds, message, fix in WORDS:
            if isinstance(error, kinds):
                return JournalUnavailable(f"The journal {self.place} {message}", fix)
        told = str(error).strip().partition("\n")[0]
        if isinstance(error, psycopg.OperationalError):
            return JournalUnavailable(
                f"The journal {self.place} cannot be reached: {told}.", "Nothing was performed. Look at the server."
            )
        return JournalError(f"The journal {self.place} could not do this: {told}.", "firsthand doctor may know.")


class Told:
    """Tells faults within in words."""

    def __init__(self, explained: Callable[[Exception], JournalError]) -> None:
        self.explained = explained

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if error is None:
            return
        if isinstance(error, psycopg.Error):
            raise self.explained(error) from error
        if isinstance(error, (TypeError, ValueError, OverflowError)):
            raise JournalError(f"The journal could not do this: {error}.", "firsthand doctor may know.") from error


WORDS: Sequence[tuple[tuple[type[Exception], ...], str, str]] = (
    (
        (errors.ReadOnlySqlTransaction, errors.InsufficientPrivilege),
        "may not be written by this user.",
        "Nothing was performed. Grant its rights on the schema firsthand, or use the primary server.",
    ),
    ((errors.DiskFull,), "is full.", "Nothing was performed. Make room on the server's disk."),
    ((errors.TooManyConnections,), "has no connection left.", "Nothing was performed. Raise max_connections."),
    (
        (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected),
        "is held by somebody else's transaction.",
        "Nothing was performed. Look at pg_stat_activity, and end that transaction.",
    ),
    (
        (errors.InvalidCatalogName,),
        "is not there: the server has no such database.",
        "Make it with createdb, or look at FIRSTHAND_DATABASE.",
    ),
    (
        (errors.InvalidPassword, errors.InvalidAuthorizationSpecification),
        "does not let this user in.",
        "Look at FIRSTHAND_DATABASE.",
    ),
)


def check_durable(session: Session, *, lenient: bool) -> None:
    """Refuse a server that says that something is recorded before it is; note since when it has not crashed."""
    sql = f"SELECT current_setting('fsync'), current_setting('synchronous_commit'), {EPOCH}"
    fsync, commit, session.epoch = session.execute(sql).fetchone() or ("", "", "")
    if not lenient and "off" in (fsync, commit):
        name = "fsync" if fsync == "off" else "synchronous_commit"
        session.close()
        raise SettingsError(
            f"The PostgreSQL server has {name} off: after a crash of it, runs that were performed would not be on "
            "record.",
            f"Turn {name} on for this database.",
        )


def parse_url(url: str) -> tuple[str, Mapping[str, str]]:
    """Return what the driver connects by, and the options that are ours; raises ``SettingsError``."""
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True)
        own = {name: value for name, value in given if name in OPTIONS}
        rest = urlencode([each for each in given if each[0] not in OPTIONS])
        address = urlunsplit(("postgresql", parts.netloc, parts.path, rest, ""))
        address = address if "://" in address else address.replace("postgresql:", "postgresql://", 1)
        psycopg.conninfo.conninfo_to_dict(address)
    except (ValueError, psycopg.Error) as error:
        raise SettingsError(
            "The database's URL cannot be read.", "Write postgresql://user@host:5432/database."
        ) from error
    for name, value in own.items():
        if value not in OPTIONS[name]:
            raise SettingsError(f"The database's option {name}={value} is not one.", f"There are {', '.join(OPTIONS)}.")
    return address, own
