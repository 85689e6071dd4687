"""Accounts: how local people sign in to the console. Passwords, sessions and invitations, kept as digests only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError, JournalUnavailable, UnknownActor
from firsthand.core.runs import moment
from firsthand.storage import throttle
from firsthand.storage.codec import encode
from firsthand.storage.database import Connection
from firsthand.storage.journal import SqlJournal
from firsthand.storage.passwords import Passwords, problem_of
from firsthand.storage.people import SELECT_ACTIVE, By, known_as, person_of
from firsthand.storage.recording import INSERT_EVENT

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND

IDLE = 12 * HOUR
"""A session that nothing comes of for so long is over."""

LONGEST = 7 * DAY
"""A session is over then, whatever comes of it."""

ROTATES = HOUR
"""How old a session's token gets before another takes its place."""

GRACE = MINUTE
"""How long the token before is still good: requests may be under way with it."""

INVITED = 7 * DAY

VISITOR = """SELECT s.session, s.made, s.seen, s.replaced, p.id, p.name, p.roles, p.login, p.administers, p.active
    FROM sessions AS s JOIN people AS p ON p.id = s.person
    WHERE s.token = ? AND s.expires > ? AND s.seen > ? AND p.active = 1"""
HASH = """SELECT hash FROM credentials
    WHERE person = ? AND EXISTS (SELECT 1 FROM people WHERE id = person AND active = 1)"""
SET_HASH = """INSERT INTO credentials (person, hash, at) VALUES (?, ?, ?)
    ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, at = excluded.at"""
START = """INSERT INTO sessions (token, session, person, address, started, made, seen, expires)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
REPLACE = """INSERT INTO sessions (token, session, person, address, started, made, seen, expires)
    SELECT ?, session, person, address, started, ?, ?, expires FROM sessions WHERE token = ? AND replaced = 0
    ON CONFLICT DO NOTHING"""
REPLACED = """UPDATE sessions SET replaced = 1, expires = CASE WHEN expires < :until THEN expires ELSE :until END
    WHERE token = :token"""
SEEN = "UPDATE sessions SET seen = ? WHERE token = ?"
INVITED_PERSON = """SELECT p.id, p.name, p.roles, p.login, p.administers, p.active
    FROM invitations AS i JOIN people AS p ON p.id = i.person WHERE i.token = ? AND i.expires > ? AND p.active = 1"""


class NotSignedIn(UnknownActor):
    """The id or the password is not right; which of them is not said."""


class NoInvitation(FirsthandError):
    """An invitation was used already, is too old, or never was one."""


class PasswordRefused(FirsthandError):
    """A new password cannot be one."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in: as they are now, their session's id, and a new token where it has another now."""

    person: Person
    session: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its list shows it."""

    id: str
    address: str
    started: datetime
    seen: datetime


class Accounts:
    """The accounts of a journal's people. Every method that changes something leaves an event, without secrets."""

    def __init__(
        self,
        journal: SqlJournal,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        passwords: Passwords | None = None,
    ) -> None:
        self.journal = journal
        self.database = journal.database
        self.clock = clock
        self.passwords = passwords or Passwords()

    # Who is there

    def visitor(self, token: str) -> Visitor | None:
        """Return who a session's token is of, as they are now; None where there is no such session any more."""
        now = self.clock()
        rows = self.database.read(VISITOR, (digest(token), now, now - IDLE))
        if not rows:
            return None
        session, made, seen, replaced, *row = rows[0]
        person = self.journal.person(row[0]) if self.journal.mirror.directory else person_of(tuple(row))
        if person is None:
            return None
        return Visitor(person, session, self.kept_up(token, now, made, seen, replaced))

    def kept_up(self, token: str, now: int, made: int, seen: int, replaced: bool) -> str | None:
        """Note, at most once a minute, that a session was seen, or replace its token; return the one in its place.

        Which that is follows from the one before, so that whoever comes with that one meanwhile gets the same.
        """
        try:
            if not replaced and now - made >= ROTATES:
                self.rotate(token, now)
                replaced = True
            elif now - seen >= MINUTE:
                values = (now, digest(token))
                self.database.write(lambda connection: connection.execute(SEEN, values).rowcount)
        except JournalUnavailable:
            return None  # who is signed in may read on while nothing can be written
        return self.successor(token) if replaced else None

    def successor(self, token: str) -> str:
        """Return the token that takes another's place."""
        return self.keyed("successor", token)

    def rotate(self, token: str, now: int) -> None:
        """Put another token in the place of a session's; the one before is good for another minute."""
        old, new = digest(token), digest(self.successor(token))

        def work(connection: Connection) -> None:
            if connection.execute(REPLACE, (new, now, now, old)).rowcount:
                connection.execute(REPLACED, {"until": now + GRACE, "token": old})

        self.database.write(work)

    # Signing in and out

    def sign_in(self, person: str, password: str, address: str) -> str:
        """Return the token of a new session; raises ``NotSignedIn`` or ``throttle.Slowed``."""
        now, person = self.clock(), self.journal.people.id_of(person)
        known = self.verified(person, password, address, now)
        if known is None:
            self.write_event("sign_in_failed", None, {"as": self.named(person), "surface": "console"}, now)
            raise NotSignedIn("That id and password do not belong together.", "Type them again.")
        renewed = self.passwords.hash(password) if self.passwords.outdated(known) else known
        token = secrets.token_urlsafe(32)

        def work(connection: Connection) -> bool:
            if connection.execute(HASH, (person,)).fetchone() != (known,):
                return False
            connection.execute("UPDATE credentials SET hash = ? WHERE person = ?", (renewed, person))
            throttle.forgive(connection, throttle.person_key(person), throttle.address_key(address))
            self.start(connection, person, token, address, now)
            return True

        if not self.database.write(work):
            raise NotSignedIn("That password has just been changed.", "Sign in with the new one.")
        return token

    def verified(self, person: str, password: str, address: str, now: int) -> str | None:
        """Return the hash that a password fits, None where none does; the same work either way."""
        _ = self.journal.process
        keys = (throttle.person_key(person), throttle.address_key(address))
        throttle.waits(self.database, keys, now)
        if slowed := self.database.write(lambda connection: throttle.count(connection, keys, now)):
            raise slowed
        rows = self.database.read(HASH, (person,))
        known = str(rows[0][0]) if rows else None
        return known if self.passwords.fits(password, known) else None

    def named(self, person: str) -> str | None:
        """Return the id where somebody has it; what else was typed is not kept, since it may be a password."""
        return person if self.database.read("SELECT 1 FROM people WHERE id = ?", (person,)) else None

    def enter_as(self, person: str, address: str) -> str:
        """Return the token of a new session of somebody, without a password: for the demo, and for nothing else."""
        token, now = secrets.token_urlsafe(32), self.clock()
        _ = self.journal.process

        def work(connection: Connection) -> bool:
            known = connection.execute(SELECT_ACTIVE, (person,)).fetchone()
            if known:
                self.start(connection, person, token, address, now)
            return known is not None

        if not self.database.write(work):
            raise NotSignedIn(f"There is no {person}.")
        return token

    def start(self, connection: Connection, person: str, token: str, address: str, now: int) -> None:
        """Start a session."""
        connection.execute("DELETE FROM sessions WHERE expires <= ? OR seen <= ?", (now, now - IDLE))
        session = digest(f"session:{token}").hex()[:16]
        row = (digest(token), session, person, address[:100], now, now, now, now + LONGEST)
        connection.execute(START, row)
        connection.execute(INSERT_EVENT, (None, now, "signed_in", person, encode({"surface": "console"})))

    def sign_out(self, token: str) -> None:
        """End a session, with all its tokens."""
        now, known = self.clock(), digest(token)

        def work(connection: Connection) -> None:
            found = connection.execute("SELECT session, person FROM sessions WHERE token = ?", (known,)).fetchone()
            if found:
                connection.execute("DELETE FROM sessions WHERE session = ?", found[:1])
                connection.execute(INSERT_EVENT, (None, now, "signed_out", found[1], encode({"surface": "console"})))

        self.database.write(work)

    def sign_out_everywhere(self, person: str, by: By) -> int:
        """End all sessions of somebody, by themselves or by one who administers; return how many they were."""
        now = self.clock()

        def work(connection: Connection) -> int:
            if not (isinstance(by, Person) and by.id == person):
                self.journal.people.allow(connection, by)
            count = connection.execute("SELECT count(DISTINCT session) FROM sessions WHERE person = ?", (person,))
            ended = int(count.fetchone()[0])
            connection.execute("DELETE FROM sessions WHERE person = ?", (person,))
            data = encode({"person": person, "sessions": ended})
            connection.execute(INSERT_EVENT, (None, now, "sessions_ended", known_as(by), data))
            return ended

        return self.journal.people.committed(work)

    def sessions(self, person: str) -> list[Session]:
        """Return somebody's sessions, the last seen first."""
        now = self.clock()
        sql = """SELECT session, address, started, max(seen) FROM sessions
            WHERE person = ? AND expires > ? AND seen > ? GROUP BY session, address, started ORDER BY 4 DESC"""
        rows = self.database.read(sql, (person, now, now - IDLE))
        return [Session(id, address, moment(started), moment(seen)) for id, address, started, seen in rows]

    # Passwords and invitations

    def invite(self, person: str, by: By) -> str:
        """Return the token with which somebody sets a password, once, within a week; those before are void."""
        token, now = secrets.token_urlsafe(32), self.clock()

        def work(connection: Connection) -> None:
            self.journal.people.allow(connection, by)
            if connection.execute(SELECT_ACTIVE, (person,)).fetchone() is None:
                raise FirsthandError(f"There is no active person {person}.", "firsthand people lists them.")
            connection.execute("DELETE FROM invitations WHERE person = ? OR expires <= ?", (person, now))
            connection.execute("INSERT INTO invitations VALUES (?, ?, ?)", (digest(token), person, now + INVITED))
            connection.execute(INSERT_EVENT, (None, now, "invited", known_as(by), encode({"person": person})))

        self.journal.people.committed(work)
        return token

    def invited(self, token: str) -> Person:
        """Return who an invitation is for; raises ``NoInvitation``."""
        rows = self.database.read(INVITED_PERSON, (digest(token), self.clock()))
        if not rows:
            raise NoInvitation(
                "This invitation was used already, or is too old.", "Ask whoever administers for another."
            )
        return person_of(rows[0])

    def accept(self, token: str, password: str, address: str) -> str:
        """Set the password of whoever was invited, and return the token of a new session of theirs."""
        person = self.invited(token)
        return self.set_password(person, password, address, invitation=digest(token))

    def change_password(self, person: Person, old: str, new: str, address: str) -> str:
        """Replace a password, which ends all sessions; return the token of a new one."""
        if problem := problem_of(new, person):
            raise PasswordRefused(problem)
        known = self.verified(person.id, old, address, self.clock())
        if known is None:
            raise NotSignedIn("That is not your password as it is now.", "Type it again.")
        return self.set_password(person, new, address, before=known)

    def set_password(
        self, person: Person, password: str, address: str, invitation: bytes | None = None, before: str | None = None
    ) -> str:
        """Set a password by an invitation, or in the place of the one before; all sessions end, and one starts."""
        if problem := problem_of(password, person):
            raise PasswordRefused(problem)
        token, now, made = secrets.token_urlsafe(32), self.clock(), self.passwords.hash(password)
        how = "changed" if before else "invitation"

        def work(connection: Connection) -> None:
            invited = connection.execute("SELECT 1 FROM invitations WHERE token = ?", (invitation,)).fetchone()
            unchanged = before and connection.execute(HASH, (person.id,)).fetchone() == (before,)
            if not (invited or unchanged):
                raise NoInvitation("That was done already, or somebody else was quicker.", "Sign in.")
            connection.execute("DELETE FROM invitations WHERE person = ?", (person.id,))
            connection.execute("DELETE FROM sessions WHERE person = ?", (person.id,))
            connection.execute(SET_HASH, (person.id, made, now))
            throttle.forgive(
                connection, throttle.person_key(person.id), throttle.address_key(address) if before else None
            )
            connection.execute(INSERT_EVENT, (None, now, "password_set", person.id, encode({"how": how})))
            self.start(connection, person.id, token, address, now)

        self.journal.people.committed(work)
        return token

    def with_password(self) -> set[str]:
        """Return the ids of the people who have a password."""
        return {str(row[0]) for row in self.database.read("SELECT person FROM credentials")}

    # What forms carry

    def csrf(self, binding: str) -> str:
        """Return the token that forms carry: it fits only this session, or this browser before it signs in."""
        return self.keyed("csrf", binding)

    def csrf_fits(self, binding: str, given: str) -> bool:
        """Say, in constant time, whether a form's token is this session's."""
        return hmac.compare_digest(self.csrf(binding).encode(), given.encode("utf-8", "surrogatepass"))

    def keyed(self, purpose: str, text: str) -> str:
        """Return a digest that only this installation can make."""
        message = f"{purpose}:{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()

    @cached_property
    def key(self) -> bytes:
        """The installation's key, made when it is first needed."""
        sql = "SELECT value FROM meta WHERE name = 'console_key'"
        rows = self.database.read(sql)
        if not rows:
            made = secrets.token_hex(32)
            _ = self.journal.process
            add = "INSERT INTO meta (name, value) VALUES ('console_key', ?) ON CONFLICT DO NOTHING"
            self.database.write(lambda connection: connection.execute(add, (made,)).rowcount)
            rows = self.database.read(sql)
        return bytes.fromhex(rows[0][0])

    def write_event(self, kind: str, actor: str | None, data: dict[str, object], at: int) -> None:
        """Append an event."""
        self.journal.append(kind, actor=actor, at=at, data=data)


def digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
