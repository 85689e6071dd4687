"""A subject: what was done for it, its figures against its kind, and what may be done to it now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

from starlette.responses import Response

from firsthand.core.errors import Refused
from firsthand.core.offers import Found, Offer, Offers
from firsthand.core.runs import OUTCOMES, Subject
from firsthand.insights.of_subject import of_subject
from firsthand.storage.history import Filter
from firsthand.surfaces.console.filtering import LABELS, given, place, wanted_of
from firsthand.surfaces.console.pasted import asked_for
from firsthand.surfaces.console.visit import NotFound, Visit
from firsthand.surfaces.words import line

PAGE = 25
LONGEST = 200

MOST_TOLD = 12
"""Lines of figures, those of most runs."""

OF_ITSELF = ("subject", "kind", "namespace")
"""Filters of the feed that a subject's own history has no use for."""


@dataclass(frozen=True, slots=True)
class Look:
    """A subject as it is now, with what may be done to it, or ``trouble``: why it cannot be looked at."""

    now: Subject | None = None
    offers: list[Offer] = field(default_factory=list)
    trouble: Refused | None = None

    @property
    def gone(self) -> bool:
        """Whether there is no such thing now."""
        return self.trouble is not None and self.trouble.code == "unknown_subject"

    @property
    def groups(self) -> Mapping[str, list[Offer]]:
        """The offers by what is known of them."""
        found: dict[str, list[Offer]] = {"run": [], "ask": [], "not": [], "needs": [], "rest": []}
        for each in self.offers:
            found[place_of(each)].append(each)
        return found


def place_of(offer: Offer) -> str:
    """Return the group of an offer."""
    if not offer.evaluated:
        return "rest"
    if offer.allowed is False:
        return "not"
    if offer.may == "ask":
        return "ask"
    return "run" if offer.allowed else "needs"


# One subject


def subject(visit: Visit) -> Response:
    """Show a subject: as it is now where it can be looked at, else as it was last recorded."""
    kind, id = visit.request.path_params["kind"], visit.request.path_params["id"]
    look, last = look_at(visit, kind, id), recorded(visit, kind, id)
    if look.now is not None and look.now.id != id:
        return visit.redirect(address_of(look.now))
    shown = look.now or next(iter(last), None)
    if shown is None:
        trouble = look.trouble or Refused(f"There is no {kind.replace('_', ' ')} {id} on record.")
        raise NotFound(trouble.message, trouble.fix or "Look the id up and give it again.")
    found = {name: value for name, value in given(visit).items() if name not in OF_ITSELF}
    before = place(visit.asked("before"))
    wanted = replace(wanted_of(visit, found), subject=shown.key, before=before)
    runs = visit.history.feed(wanted, PAGE + 1, whole=False)
    use = of_subject(visit.journal, shown.key, visit.hidden)
    return visit.render(
        "subject.html", subject=shown, look=look, offers=look.groups, at=address_of(shown), runs=runs[:PAGE],
        more=len(runs) > PAGE, first=before is None, found=found, labels=LABELS, outcomes=OUTCOMES, use=use,
        differences=use.differences[:MOST_TOLD], link=prefilled,
    )  # fmt: skip


def look_at(visit: Visit, kind: str, id: str) -> Look:
    """Look at a subject as it is now; nothing to tell of one whose kind the visitor may not look at."""
    asking = offers_of(visit)
    if kind not in asking.kinds(visit.person):
        return Look()
    try:
        return Look(*asking.offers(kind, id))
    except Refused as trouble:
        return Look(trouble=trouble)


def recorded(visit: Visit, kind: str, id: str) -> list[Subject]:
    """Return a subject as the newest run that the visitor may know of has it, if there is one."""
    key = f"{kind}:{id}"
    runs = visit.history.feed(Filter(subject=key, without=tuple(sorted(visit.hidden))), 1)
    return [each for run in runs for each in run.subjects if each.key == key][:1]


def prefilled(offer: Offer, subject: Subject) -> str:
    """Return where an action's form is, with the subject filled in."""
    return f"/actions/{quote(offer.action.name)}?{urlencode({offer.input: subject.id})}"


# Finding one


def subjects(visit: Visit) -> Response:
    """Show the kinds that there are, and what a search in one of them, or in all, finds."""
    text, kind = visit.asked("q")[:LONGEST], visit.asked("kind")
    kinds = offers_of(visit).kinds(visit.person)
    found = found_subjects(visit, text, [kind] if kind else None)
    hits = [(address_of(each), each) for each in found.subjects]
    return visit.render("subjects.html", kinds=kinds, kind=kind, q=text, hits=hits, faults=found.faults)


def found_subjects(visit: Visit, text: str, wanted: Collection[str] | None = None) -> Found:
    """Return the subjects that a text finds, of the kinds that the visitor may look at, and those on record by key.

    ``wanted`` are the only kinds to look in.
    """
    asking, found = offers_of(visit), Found([], [])
    loaded = asking.kinds(visit.person)
    every = [*dict.fromkeys([*loaded, *visit.history.subject_kinds()])]
    for part in asked_for(text, every):
        kind, colon, id = part.partition(":")
        if colon and kind in every:
            add(found, by_key(visit, asking, kind, id))
        else:
            add(found, asking.search(part, wanted))
            for other in every:
                add(found, Found(recorded(visit, other, part) if other not in loaded else [], []))
    kept = {each.key: each for each in found.subjects if wanted is None or each.kind in wanted}
    return Found([*kept.values()], [*dict.fromkeys(found.faults)])


def by_key(visit: Visit, asking: Offers, kind: str, id: str) -> Found:
    """Return the one subject of a kind and an id, as it is now or as it was last recorded."""
    found = asking.search(id, [kind])
    exact = [each for each in found.subjects if is_exactly(each, id)][:1]
    return Found(exact or recorded(visit, kind, id), found.faults)


def add(found: Found, more: Found) -> None:
    """Add to what is found."""
    found.subjects.extend(more.subjects)
    found.faults.extend(more.faults)


def offers_of(visit: Visit) -> Offers:
    """Return what answers questions about subjects for the visitor."""
    visit.desk.start()
    return Offers(visit.desk.pipeline, visit.person.id, "console")


def address_of(subject: Subject) -> str:
    """Return where a subject's page is, as an address spells it."""
    return f"/subjects/{quote(subject.kind, safe='')}/{quote(subject.id, safe='')}"


def called(subject: Subject) -> str:
    """Return a subject in a few words: its kind, its id and its label."""
    label = f" {line(subject.label, 80)}" if subject.label and subject.label != subject.id else ""
    return f"{line(subject.kind.replace('_', ' '), 40)} {line(subject.id, 80)}{label}"


def is_exactly(subject: Subject, text: str) -> bool:
    """Say whether a text is just what a subject is known by: its id, its label or its key."""
    return text.casefold() in (subject.id.casefold(), subject.label.casefold(), subject.key.casefold())


PAGES = (
    ("GET", "/subjects", subjects),
    ("GET", "/subjects/{kind}/{id:path}", subject),
)
