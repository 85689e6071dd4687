"""``doctor``: check that all is well, and say what is not."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import click

from firsthand.core.actions import Actions
from firsthand.core.errors import FirsthandError, JournalMissing, JournalUnavailable, SettingsError
from firsthand.core.promises import broken_promises
from firsthand.core.queueing import OVERDUE
from firsthand.core.saying import unsaid
from firsthand.settings import ENGINES, Settings
from firsthand.storage.database import Database
from firsthand.storage.journal import SqlJournal
from firsthand.storage.opening import living, moved_to, schema_known, version
from firsthand.storage.outbox import SECOND, Outbox
from firsthand.storage.queue import Queue
from firsthand.storage.sqlite import WAL_RESET_FIXED, Sqlite
from firsthand.storage.turned_away import DAY, counted
from firsthand.storage.webhooks import Webhooks
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import import_desk, login, sitting_here
from firsthand.surfaces.terminal.main import DONE, FAILED
from firsthand.surfaces.words import TURNED_AWAY_WORDS
from firsthand.work.choosing import engine_of

MOST = 5
"""Actions that fail to say something which are named."""

LATE = 600 * SECOND
"""After how long a message that was never tried is told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: ``level`` is fine, note or wrong."""

    level: str
    text: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor_command(as_json: bool) -> int:
    """Check the settings, the journal, SQLite, other programs that have the journal open, and the desk."""
    marks = {"fine": ("✓", "green"), "note": ("·", "yellow"), "wrong": ("✗", "red")}
    found = []
    for finding in findings():
        found.append(finding)
        mark, colour = marks[finding.level]
        if not as_json:
            printing.say_painted(f"{mark} {finding.text}", colour)
    if as_json:
        printing.say_json([asdict(finding) for finding in found])
    return FAILED if any(finding.level == "wrong" for finding in found) else DONE


def findings() -> Iterator[Finding]:
    """Yield what is found, one by one."""
    settings = Settings.load()
    journal = SqlJournal(settings.database)
    if isinstance(journal.database, Sqlite):
        yield sqlite_finding()
    try:
        journal.require()
    except JournalMissing as error:
        yield Finding("note", str(error))
    except FirsthandError as error:
        yield Finding("wrong", str(error))
        return
    else:
        if isinstance(journal.database, Sqlite):
            yield from foreign_findings(journal.database)
            yield from file_findings(journal.database)
        yield from journal_findings(journal)
        yield who_finding(journal)
        yield from door_findings(journal)
        yield from notify_findings(settings, journal)
    yield from engine_findings(settings)
    yield from desk_findings(settings, journal)


def sqlite_finding() -> Finding:
    """Return what there is to say of SQLite's version."""
    version = f"SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info >= WAL_RESET_FIXED:
        return Finding("fine", version)
    return Finding(
        "fine",
        f"{version} has the WAL-reset bug (fixed in 3.51.3); Firsthand never writes and checkpoints at once, so it "
        "cannot strike while no other program writes the journal.",
    )


def journal_findings(journal: SqlJournal) -> Iterator[Finding]:
    """Yield what there is to say of the journal itself."""
    database = journal.database
    yield Finding("fine", f"The journal is {database.place}.")
    if database.read_only:
        yield Finding("note", "It is opened read-only (mode=ro), so nothing can be performed.")
    if where := moved_to(database):
        yield Finding("wrong", f"It was moved to {where}. Set FIRSTHAND_DATABASE to it.")
    if not database.read_only:
        yield from version_findings(database)
    if journal.kept.waiting():
        kept = len(journal.kept.steps())
        said = "An outcome waits" if kept == 1 else f"{kept} outcomes wait"
        yield Finding("note", f"{said} in {journal.kept.path} to be recorded by the next command that can write.")
    try:
        journal.settle()
    except JournalUnavailable as error:
        yield Finding("wrong", str(error))
    unknown = database.read("SELECT count(*) FROM runs WHERE status = 'unknown'")[0][0]
    if unknown:
        runs = "1 run" if unknown == 1 else f"{unknown} runs"
        yield Finding("note", f"{runs} ended unknown. Look: firsthand feed --outcome unknown.")
    yield from waiting_findings(journal)


def waiting_findings(journal: SqlJournal) -> Iterator[Finding]:
    """Yield whether runs wait for longer than a worker lets them, and whether any worker performs some."""
    now = time.time_ns() // 1000
    counts = Queue(journal).waiting(now, now - OVERDUE // timedelta(microseconds=1))
    if counts.overdue:
        runs = "1 run waits" if counts.overdue == 1 else f"{counts.overdue} runs wait"
        busy = journal.database.read(PERFORMED)[0][0]
        begun = f"{'1 run is' if busy == 1 else f'{busy} runs are'} being performed"
        if busy:
            more = f"workers are alive, but busy: {begun}. Start more, or with more --threads."
        else:
            more = "no worker performs anything. Start one: firsthand worker."
        yield Finding("note" if busy else "wrong", f"{runs} to be performed for over a minute, and {more}")


PERFORMED = "SELECT count(*) FROM runs WHERE status = 'performing' AND due IS NOT NULL AND process IS NOT NULL"
"""What living workers perform: what a dead one did is settled."""


def engine_findings(settings: Settings) -> Iterator[Finding]:
    """Yield whether the engine of the settings can wake workers."""
    try:
        engine_of(settings.engine, settings.database).require()
    except SettingsError as error:
        yield Finding("wrong", str(error))
    else:
        if settings.engine != ENGINES[0]:
            yield Finding("fine", f"The engine {settings.engine} can wake workers.")


def version_findings(database: Database) -> Iterator[Finding]:
    """Yield which versions are in use: the schema's, where it is a newer one, and those of the processes that live."""
    known, schema = schema_known(database), version(database)
    if schema > known:
        yield Finding("note", f"Its schema is at {schema}; this Firsthand knows {known}, and goes on with it.")
    try:
        found = living(database)
    except PermissionError:
        return
    if found:
        told = Counter(f"Firsthand {each.version or '?'} (schema {each.schema})" for each in found)
        versions = ", ".join(f"{count} of {name}" for name, count in sorted(told.items()))
        yield Finding(
            "fine" if all(each.schema == schema for each in found) else "note", f"Processes in it: {versions}."
        )


def file_findings(database: Sqlite) -> Iterator[Finding]:
    """Yield what there is to say of SQLite's file."""
    sound = database.read("PRAGMA quick_check(1)")[0][0]
    yield Finding("fine", "Its file is sound.") if sound == "ok" else Finding("wrong", f"It is damaged: {sound}.")
    writable = os.access(database.path, os.W_OK) and os.access(database.path.parent, os.W_OK)
    if not database.read_only and not writable:
        yield Finding("wrong", f"You ({login()}) may not write it and its folder, so you cannot perform anything.")
    if database.path.stat().st_mode & 0o002:
        yield Finding("wrong", "Everybody on this machine may write it. Take that away: chmod o-w.")


def foreign_findings(database: Sqlite) -> Iterator[Finding]:
    """Yield the programs that have the journal open without being Firsthand, as far as this login may see."""
    if not Path("/proc/self/fd").exists():
        yield Finding("note", "This system does not tell which programs have the journal open.")
        return
    holders = [f"{pid} ({command})" for pid, command in openers(database, own=True) if pid in lockers(database)]
    if holders:
        yield Finding("note", f"The lock beside it is held by {', '.join(holders)}.")
    foreign = [f"{pid} ({command})" for pid, command in openers(database, own=False)]
    if foreign:
        yield Finding(
            "wrong",
            f"Other programs have the journal open: {', '.join(foreign)}. If one writes, it may hold up everybody, and "
            "SQLite before 3.51.3 may damage the file.",
        )
    else:
        yield Finding("fine", "No other program has the journal open.")


def openers(database: Sqlite, *, own: bool) -> Iterator[tuple[int, str]]:
    """Yield process id and command of others that have the journal open: Firsthand's own, by its locks, or foreign."""
    locks = {str(database.beside(name).resolve()) for name in ("lock", "processes")}
    wanted = str(database.path.resolve())
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            opened = {os.readlink(each) for each in (folder / "fd").iterdir()}
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            continue
        if locks & opened if own else wanted in opened and not locks & opened:
            yield int(folder.name), command[:80]


def lockers(database: Sqlite) -> set[int]:
    """Return the process ids that hold the lock beside the journal, as the kernel tells."""
    try:
        inode = database.beside("lock").stat().st_ino
        lines = Path("/proc/locks").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    held = (line.split() for line in lines if f":{inode} " in line and "->" not in line)
    return {int(words[4]) for words in held}


def who_finding(journal: SqlJournal) -> Finding:
    """Return whether this terminal's login is known."""
    person = sitting_here(journal)
    if person:
        return Finding("fine", f"You are {person.name}: {', '.join(person.roles) or 'no role'}.")
    return Finding("note", f"The journal does not know the login {login()}: you may read, but not perform.")


def door_findings(journal: SqlJournal) -> Iterator[Finding]:
    """Yield how often somebody was turned away at the console's door in the last 30 days, if anybody was."""
    counts = counted(journal, time.time_ns() // 1000 // DAY - 30)
    if counts:
        kinds = ", ".join(f"{TURNED_AWAY_WORDS.get(kind, kind)} ({count:,})" for kind, count in counts.items())
        yield Finding("note", f"Turned away at the console's door in 30 days: {kinds}.")


def notify_findings(settings: Settings, journal: SqlJournal) -> Iterator[Finding]:
    """Yield what people, or other programs, could not be told, and whether anybody delivers it."""
    outbox, now = Outbox(journal), time.time_ns() // 1000
    if settings.smtp_host:
        yield Finding("fine", f"Mail goes out through {settings.smtp_host} ({settings.smtp_security}).")
    if failed := outbox.counts(now)["failed"]:
        said = "1 message" if failed == 1 else f"{failed:,} messages"
        yield Finding("note", f"{said} could not be delivered. Look: firsthand notify.")
    if late := outbox.late(now - LATE):
        yield Finding("note", f"{late:,} wait to be delivered for over ten minutes: does serve or worker run?")
    for each in Webhooks(journal).all():
        if each.state == "off":
            yield Finding("note", f"The webhook {each.name} is off{f': {each.said}' if each.said else '.'}")


def desk_findings(settings: Settings, journal: SqlJournal) -> Iterator[Finding]:
    """Yield what there is to say of the desk."""
    if not settings.desk:
        yield Finding("note", "No desk is set (FIRSTHAND_DESK), so there is nothing to perform.")
        return
    try:
        desk = import_desk(settings)
        actions = desk.work_out()
    except FirsthandError as error:
        yield Finding("wrong", str(error))
        return
    for problem in actions.problems:
        yield Finding("wrong", problem)
    if actions.problems:
        return
    yield Finding("fine", f"The desk {desk.name} ({desk.environment}) has {len(actions.by_name)} actions.")
    desk.use(journal)
    for problem in broken_promises(actions, journal.history.id):
        yield Finding("note", problem)
    yield from saying_findings(actions)
    for warning in desk.warnings():
        yield Finding("note", warning)


def saying_findings(actions: Actions) -> Iterator[Finding]:
    """Yield what the actions fail to say of themselves."""
    found = [fault for action in actions.by_name.values() for fault in unsaid(action)]
    for fault in found[:MOST]:
        yield Finding("note", fault)
    if more := found[MOST:]:
        yield Finding("note", f"There are {len(more)} more of that kind. A test has all: firsthand.testing.conforms.")
