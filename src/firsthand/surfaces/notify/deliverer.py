"""The deliverer: has people told, in `serve` and in `worker`. Nothing that it does can slow down or fail a run.

One thread follows the events and makes messages, one hands them to the mail server, one to webhooks. Any number of
processes may do so: each message is claimed by one of them at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from firsthand.core.errors import FirsthandError, SettingsError
from firsthand.core.notices import Preferences
from firsthand.core.runs import microseconds, moment
from firsthand.followers.notify import ODD, Notify
from firsthand.settings import Settings
from firsthand.storage import outbox as names
from firsthand.storage.journal import SqlJournal
from firsthand.storage.outbox import KEPT, Claimed, Outbox
from firsthand.storage.preferences import chosen, preferences_of
from firsthand.storage.webhooks import Webhooks
from firsthand.surfaces.notify import mail
from firsthand.surfaces.notify.addresses import Unreachable, networks
from firsthand.surfaces.notify.messages import Writer
from firsthand.surfaces.notify.webhook import Refusing, post

LOG = logging.getLogger("firsthand")

POLL = 1.0
"""Seconds between two looks for what is new."""

LOOK_EVERY = 60.0
"""Seconds between two looks for what waits for too long."""

LONGEST_PAUSE = 300.0
"""Seconds after which, at most, a mail server that was down is tried again."""

FORGET_EVERY = 3_600.0
PATIENCE = 5.0
"""Seconds that whoever stops it waits for a message that is being sent; otherwise that is sent again."""


class Tells(Protocol):
    """What of a desk its deliverer needs."""

    name: str
    environment: str
    clock: Callable[[], int]


class Deliverer:
    """Has people told of what happens on a desk, from ``start`` to ``stop``.

    Raises ``SettingsError`` where the settings of mail or webhooks are not right.
    """

    def __init__(self, desk: Tells, journal: SqlJournal, settings: Settings) -> None:
        self.desk = desk
        self.journal = journal
        self.settings = settings
        self.allowed = networks(settings.webhooks_to)
        self.outbox = Outbox(journal)
        self.webhooks = Webhooks(journal)
        self.writer = Writer(journal, desk.name, desk.environment, settings.url.rstrip("/"))
        self.notify = Notify(journal, desk.clock, mail=bool(settings.smtp_host))
        self.stopping = threading.Event()
        self.running: list[threading.Thread] = []
        self.done: dict[str, float] = {}
        self.down = 0
        if settings.smtp_host:
            mail.port_of(settings)
            mail.sender(settings)

    def start(self) -> None:
        """Begin."""
        duties = {"following": self.follow, "webhooks": self.deliver_to_webhook}
        if self.settings.smtp_host:
            duties["mail"] = self.deliver_mail
        for name, duty in duties.items():
            thread = threading.Thread(target=self.keep_at, args=(duty,), name=f"firsthand-{name}", daemon=True)
            self.running.append(thread)
            thread.start()

    def stop(self) -> None:
        """Begin nothing more."""
        self.stopping.set()
        deadline = time.monotonic() + PATIENCE
        for thread in self.running:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.running.clear()

    def __enter__(self) -> Deliverer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def keep_at(self, duty: Callable[[], float]) -> None:
        """Do something again and again, as many seconds apart as it says; a journal that is away is tried again."""
        seconds = 0.0
        while not self.stopping.wait(seconds):
            try:
                seconds = duty()
            except FirsthandError as error:
                LOG.warning("Nobody can be told now: %s", error)
                seconds = POLL * 5

    # From events to messages

    def follow(self) -> float:
        """Read what is new, and make messages of what is due."""
        if self.journal.database.read_only:
            return LOOK_EVERY
        self.notify.advance(POLL)
        if self.is_time("look", LOOK_EVERY):
            self.notify.look()
        self.gather()
        if self.is_time("forget", FORGET_EVERY):
            self.outbox.forget(self.desk.clock() - KEPT)
        return POLL

    def is_time(self, what: str, seconds: float) -> bool:
        """Say whether something was last done so many seconds ago; it is done now."""
        now = time.monotonic()
        if now - self.done.get(what, -seconds) < seconds:
            return False
        self.done[what] = now
        return True

    def gather(self) -> None:
        """Make messages of the notices that are due: one for each webhook's, one for all of a person's."""
        now, due = self.desk.clock(), dict[str, set[str]]()
        waiting = self.outbox.waiting()
        preferences = chosen(self.journal.database) if waiting else {}
        for recipient, kind, oldest, _ in waiting:
            own = preferences.get(names.named(recipient), Preferences())
            if recipient.startswith("webhook:") or own.due(kind, oldest) <= now:
                due.setdefault(recipient, set()).add(kind)
        for recipient, kinds in due.items():
            self.outbox.gather(recipient, kinds, now, apart=recipient.startswith("webhook:"))

    # From messages to people

    def deliver_mail(self) -> float:
        """Send the next message; return after how many seconds to look again."""
        now = self.desk.clock()
        claimed = self.outbox.claim("person:", now)
        if claimed is None:
            return POLL
        id = names.named(claimed.recipient)
        preferences = preferences_of(self.journal.database, id)
        quiet = microseconds(preferences.after_quiet(moment(now)))
        if quiet > now:
            self.outbox.postpone(claimed, quiet)
            return 0.0
        try:
            sent = self.mailed(claimed, id, preferences)
        except mail.NotTaken as error:
            self.failed(claimed, error, for_good=error.for_good)
        except ODD as error:
            self.unwritten(claimed, error)
        except (Unreachable, SettingsError) as error:
            self.failed(claimed, error)
            self.down += 1
            return float(min(LONGEST_PAUSE, POLL * 2**self.down))
        else:
            self.outbox.end(claimed, "sent" if sent else "void", self.desk.clock())
        self.down = 0
        return 0.0

    def mailed(self, claimed: Claimed, id: str, preferences: Preferences) -> bool:
        """Send somebody a message; False where there is nothing left that they are to be told."""
        person = self.journal.person(id)
        if person is None or not (address := preferences.reached_at(person)):
            return False
        written = self.writer.write(person, preferences, self.outbox.notices(claimed.id), self.notify.known())
        if written is None:
            return False
        mail.send(self.settings, mail.composed(self.settings, address, self.id_of(claimed), written, claimed.at))
        return True

    def deliver_to_webhook(self) -> float:
        """Send a webhook its next message; return after how many seconds to look again."""
        claimed = self.outbox.claim("webhook:", self.desk.clock())
        if claimed is None:
            return POLL
        id = int(names.named(claimed.recipient))
        try:
            sent = self.posted(claimed, id)
        except ODD as error:
            self.unwritten(claimed, error)
        except Unreachable as error:
            self.failed(claimed, error)
            gone = isinstance(error, Refusing) and error.gone
            self.webhooks.failed(id, error.message, self.desk.clock(), gone=gone)
        else:
            self.outbox.end(claimed, "sent" if sent else "void", self.desk.clock())
            self.webhooks.succeeded(id)
        return 0.0

    def posted(self, claimed: Claimed, id: int) -> bool:
        """Send a webhook what it is to be told; False where that is nothing."""
        webhook, notices = self.webhooks.get(id), self.outbox.notices(claimed.id)
        if webhook is None or not notices:
            return False
        payload = self.writer.payload(notices[0], webhook.roles, self.notify.known())
        if payload is None:
            return False
        post(webhook, self.id_of(claimed), payload, self.desk.clock() // names.SECOND, self.allowed)
        return True

    def failed(self, claimed: Claimed, error: FirsthandError, *, for_good: bool = False) -> None:
        """Note that a message was not delivered, and why."""
        LOG.warning("Message %s to %s: %s", claimed.id, claimed.recipient, error.message)
        if for_good:
            self.outbox.end(claimed, "failed", self.desk.clock(), error.message)
        else:
            self.outbox.fail(claimed, error.message, self.desk.clock())

    def unwritten(self, claimed: Claimed, error: Exception) -> None:
        """Give up a message that cannot be written, so that those after it are delivered."""
        self.failed(claimed, FirsthandError(f"It cannot be written: {type(error).__name__}."), for_good=True)

    def id_of(self, claimed: Claimed) -> str:
        """Return the id of a message: the same when it is sent again, so that whoever gets it twice can tell."""
        return f"msg_{self.journal.id[:12]}_{claimed.id}"
