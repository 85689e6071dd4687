"""The console over one desk: what all its pages share, and what it does while nobody asks for anything."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from jinja2 import Environment

from firsthand.core.errors import JournalUnavailable
from firsthand.desk import Desk
from firsthand.followers.mentions import Mentions, handles
from firsthand.followers.tally import Tally
from firsthand.storage.accounts import Accounts
from firsthand.storage.history import History
from firsthand.storage.journal import SqlJournal
from firsthand.storage.turned_away import TurnedAway
from firsthand.surfaces.console.templating import environment

LOG = logging.getLogger("firsthand")

AT_ONCE = 64
"""How many runs a console performs at once: each has a thread of its own."""

PAUSE = 1.0
"""Seconds between two looks for what is new, for the followers."""


@dataclass(frozen=True)
class Known:
    """What the journal knew at one event: how people are called, what the catalogue has, and whom an @ names.

    ``gone`` tells who could know of the names that no action has any more.
    """

    event: int
    people: Mapping[str, str]
    entries: Mapping[str, Mapping[str, Any]]
    gone: Mapping[str, Mapping[str, Any]]
    handles: Mapping[str, str]

    @cached_property
    def former(self) -> Mapping[str, str]:
        """The present name of every former name of an action."""
        return {old: name for name, entry in self.entries.items() for old in entry.get("aliases", ())}


@dataclass
class Console:
    """One desk's console. ``identify`` is the host's: from a request to a person's id; None for local sign-in.

    ``url`` is where people reach it, where a proxy stands before it; ``quick`` are the demo's people, whom anybody may
    be with one click.
    """

    desk: Desk
    identify: Callable[..., Any] | None = None
    sign_in_url: str | None = None
    url: str = ""
    quick: tuple[str, ...] = ()
    templates: Environment = field(default_factory=environment)
    room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))
    guard: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)
    follower: threading.Thread | None = None
    known_at: Known | None = None

    @property
    def journal(self) -> SqlJournal:
        """The desk's journal."""
        journal = self.desk.journal
        assert isinstance(journal, SqlJournal), "the console reads it in SQL"  # noqa: S101
        return journal

    @property
    def history(self) -> History:
        """What the journal tells."""
        return self.journal.history

    @cached_property
    def accounts(self) -> Accounts:
        """Who may sign in, and who is signed in."""
        return Accounts(self.journal, self.desk.clock)

    @cached_property
    def turned_away(self) -> TurnedAway:
        """How often somebody was turned away at the door."""
        return TurnedAway(self.journal)

    def known(self) -> Known:
        """Return people and catalogue, read anew only where something has changed about them."""
        event = self.history.last_event_of_no_run()
        known = self.known_at
        if known is None or known.event != event:
            everybody = self.journal.people.all()
            people = {person.id: person.name for person in everybody}
            there = handles({person.id: person.name for person in everybody if person.active})
            with self.journal.database.snapshot():
                entries, gone = dict(self.history.catalogue()), self.history.gone()
            known = self.known_at = Known(event, people, entries, gone, there)
        return known

    # While nobody asks for anything

    def start(self) -> None:
        """Work out the desk, see to what dead processes left, and have the followers follow, once."""
        with self.guard:
            if self.follower is None or not self.follower.is_alive():
                self.desk.start()
                self.journal.settle()
                self.stopping.clear()
                self.follower = threading.Thread(target=self.follow, name="firsthand-followers", daemon=True)
                self.follower.start()

    def follow(self) -> None:
        """Have the followers follow until the console stops; a journal that cannot be had is tried again."""
        followers: list[Tally | Mentions] = [Tally(self.journal), Mentions(self.journal)]
        seen = ""
        while not self.stopping.wait(PAUSE):
            try:
                self.journal.settle()
                last = self.history.mark()
                if last != seen and all([each.advance(PAUSE) for each in followers]):
                    seen = last
            except JournalUnavailable as error:
                LOG.warning("The followers wait: %s", error.message)

    def stop(self) -> None:
        """Stop following."""
        self.stopping.set()
        self.turned_away.flush()
        if self.follower is not None:
            self.follower.join(5)
