"""A visit: one request of one known person, with all that its page needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from firsthand.core.actors import Person
from firsthand.core.catalogue import hidden_from, may
from firsthand.core.errors import FirsthandError
from firsthand.core.schedules import Schedule
from firsthand.desk import Desk
from firsthand.storage.history import History
from firsthand.storage.journal import SqlJournal
from firsthand.storage.watches import Watch, Watches
from firsthand.surfaces.console.console import Console
from firsthand.surfaces.console.rendering import static_urls
from firsthand.surfaces.words import Names


class NotFound(FirsthandError):
    """There is no such page, or it is hidden from this person: the answer is the same."""


@dataclass
class Visit:
    """One request of one known person. ``form`` is what was posted, bounded and checked at the door."""

    console: Console
    request: Request
    person: Person
    csrf: str
    form: FormData = field(default_factory=FormData)

    @property
    def desk(self) -> Desk:
        """The desk."""
        return self.console.desk

    @property
    def journal(self) -> SqlJournal:
        """The journal."""
        return self.console.journal

    @property
    def history(self) -> History:
        """What the journal tells."""
        return self.console.history

    @cached_property
    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """The catalogue's entries that this person may know of."""
        every, roles = self.console.known().entries, self.person.roles
        return {name: entry for name, entry in every.items() if may(entry, roles)}

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The names of the actions that this person may not know of: former ones, and of actions that are gone, too."""
        known = self.console.known()
        return hidden_from(self.person.roles, known.entries, known.gone)

    @cached_property
    def names(self) -> Names:
        """How people and actions are called."""
        titles = {name: str(entry["title"]) for name, entry in self.entries.items()}
        return Names(self.console.known().people, titles)

    def may(self, entry: Mapping[str, Any]) -> str:
        """Return what this person may do with an action: ``perform`` it, ``ask`` for it, or nothing."""
        return may(entry, self.person.roles)

    @cached_property
    def may_declare(self) -> bool:
        """Whether this person may declare manual actions."""
        return self.desk.may_declare(self.person)

    @cached_property
    def waiting(self) -> int:
        """How many asks wait that this person may take, and unknown runs of what they may perform."""
        found = 0
        for status, action, asked_by, number in self.history.waiting():
            entry, own = self.entry(action), status == "asked" and asked_by == self.person.id
            if entry and self.may(entry) == "perform" and not own:
                found += number
        return found + len(self.stopped)

    @cached_property
    def stopped(self) -> list[Schedule]:
        """The schedules that paused by themselves, and that this person may take over."""
        entries = [(each, self.entry(each.action)) for each in self.journal.schedules.stopped()]
        return [each for each, entry in entries if entry and self.may(entry) == "perform"]

    def entry(self, action: str) -> Mapping[str, Any] | None:
        """Return the entry of an action by its name or a former one, if this person may know of it."""
        return self.entries.get(action) or self.entries.get(self.console.known().former.get(action, ""))

    def watches(self, kind: str, key: str) -> bool:
        """Say whether this person watches something."""
        return Watches(self.journal).has(self.person.id, Watch(kind, key))

    @property
    def live(self) -> bool:
        """Whether htmx asks, for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    def asked(self, name: str) -> str:
        """Return a field of the address, without space around it; empty where it is not given."""
        return self.request.query_params.get(name, "").strip()

    def said(self, name: str) -> str:
        """Return a field of what was posted, without space around it; empty where it is not given.

        Lines end as everywhere else, not in the two characters that browsers send.
        """
        value = self.form.get(name, "")
        return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""

    @cached_property
    def prefix(self) -> str:
        """The path under which the console is mounted."""
        return str(self.request.scope.get("root_path", "")).rstrip("/")

    def url(self, path: str, **query: object) -> str:
        """Return the address of one of the console's pages, wherever it is mounted."""
        given = {name: value for name, value in query.items() if value not in (None, "")} if query else None
        return f"{self.prefix}{path}?{urlencode(given, doseq=True)}" if given else f"{self.prefix}{path}"

    def render(
        self, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **said: Any
    ) -> Response:
        """Return a page, or a part of one."""
        context = {
            "visit": self, "url": self.url, "names": self.names, "person": self.person, "desk": self.desk,
            "csrf": self.csrf, "static": static_urls(self.prefix), "path": self.request.url.path[len(self.prefix) :],
            "theme": self.request.cookies.get("firsthand_theme", ""), **said,
        }  # fmt: skip
        html = self.console.templates.get_template(template).render(context)
        return HTMLResponse(html, status, headers=dict(headers or {}))

    def to_run(self, id: int, again: bool) -> Response:
        """Send the browser to the run that came of a form; ``again`` where the form had been sent before."""
        return self.redirect(f"/runs/{id}", sent="again" if again else "")

    def redirect(self, path: str, **query: object) -> Response:
        """Send the browser to another page of the console, after something was done."""
        return RedirectResponse(self.url(path, **query), 303)
