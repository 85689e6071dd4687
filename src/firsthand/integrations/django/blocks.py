"""On an object's page in the admin: its support history, and what may be done to it now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from firsthand.core.catalogue import hidden_from
from firsthand.core.errors import DeskError, FirsthandError
from firsthand.core.offers import Offers
from firsthand.core.runs import Run
from firsthand.integrations.django.desks import DESKS
from firsthand.integrations.django.views import console_url
from firsthand.storage.history import Filter
from firsthand.surfaces.console.subjects import address_of, place_of, prefilled
from firsthand.surfaces.words import Names, sentence

if TYPE_CHECKING:
    from firsthand.core.actors import Person
    from firsthand.core.subjects import Kind
    from firsthand.integrations.django.desks import Desk
    from firsthand.storage.journal import SqlJournal

MOST = 10
"""Runs that an object's page shows; the console has all."""


class SupportMixin:
    """For a ``ModelAdmin``: shows support on each object's page, wherever Firsthand stands in INSTALLED_APPS."""

    change_form_template = "firsthand/change_form.html"


@dataclass(frozen=True)
class Link:
    """Something that leads into the console."""

    words: str
    url: str
    run: Run[Any] | None = None


@dataclass
class Block:
    """What an object's page shows of one desk: what may be done now, by oneself or a colleague, and what was done."""

    desk: str
    url: str
    perform: list[Link] = field(default_factory=list)
    ask: list[Link] = field(default_factory=list)
    runs: list[Link] = field(default_factory=list)
    fault: str = ""


def blocks_of(thing: Any, user: Any) -> list[Block]:
    """Return what each desk that takes such objects has to say of one, to one of its people."""
    found = (block_of(desk, thing, user.get_username()) for desk in DESKS)
    return [each for each in found if each is not None]


def block_of(desk: Desk, thing: Any, id: str) -> Block | None:
    """Return what a desk says of an object; None where it takes no such object, has no console, or knows them not."""
    try:
        kinds = desk.actions.kinds.values()
    except DeskError:
        return None  # ``manage.py check`` says why
    kind = next((kind for kind in kinds if kind.type is type(thing)), None)
    url = console_url(desk) if kind else None
    if kind is None or url is None:
        return None
    block = Block(desk.name, url)
    try:
        person = desk.journal.person(id)
        if person is None:
            return None
        tell(block, desk, kind, person, str(thing.pk))
    except FirsthandError as error:
        block.fault = error.message
    return block


def tell(block: Block, desk: Desk, kind: Kind, person: Person, pk: str) -> None:
    """Put into a block what may be done to an object, and what was done."""
    desk.start()
    journal = cast("SqlJournal", desk.journal)
    base, history = block.url.rstrip("/"), journal.history
    entries = dict(history.catalogue())
    hidden = hidden_from(person.roles, entries, history.gone())
    names = Names(
        {each.id: each.name for each in journal.people.all()},
        {name: str(entry["title"]) for name, entry in entries.items() if name not in hidden},
    )
    runs = history.feed(Filter(subject=f"{kind.name}:{pk}", without=tuple(sorted(hidden))), MOST, whole=False)
    block.runs = [Link(sentence(run, names), f"{base}/runs/{run.id}", run) for run in runs]
    subject, offers = Offers(desk.pipeline, person.id, "admin").offers(kind.name, pk)
    block.url = f"{base}{address_of(subject)}"
    for offer in offers:
        link = Link(offer.action.title, base + prefilled(offer, subject))
        if place_of(offer) in ("run", "needs"):
            (block.perform if offer.may == "perform" else block.ask).append(link)
        elif place_of(offer) == "ask":
            block.ask.append(link)
