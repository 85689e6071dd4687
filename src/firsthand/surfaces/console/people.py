"""Settings, for those who administer: people and their roles, who may what, who was turned away, and what runs here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from firsthand import __version__
from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError
from firsthand.core.text import titled
from firsthand.surfaces.console.sessions import UNSEEN, prefix_of, text_of
from firsthand.surfaces.console.visit import NotFound, Visit
from firsthand.surfaces.words import TURNED_AWAY_WORDS

MOST = 200
"""People or actions that one page shows; a search finds the others."""

Page = Callable[[Visit], Response]


def administering(page: Page) -> Page:
    """Return a page for those who administer; others are told so. What it changes is refused by the journal too."""

    def shown(visit: Visit) -> Response:
        if visit.person.administers:
            return page(visit)
        message, fix = "Only somebody who administers may do this.", "Ask one of them."
        return visit.render("error.html", 403, message=message, fix=fix, live=visit.live)

    return shown


def settings_page(visit: Visit) -> Response:
    """Show what was turned away, and what runs here."""
    database = visit.journal.database
    everybody = visit.journal.people.all()
    away = visit.console.turned_away.counts(days=30)
    facts = {
        "Environment": visit.desk.environment,
        "Desk": f"{visit.desk.name}, {len(visit.desk.actions.by_name)} actions",
        "Version": f"Firsthand {__version__}",
        "Journal": database.place,
        "Size": f"{database.size() / 1e6:,.1f} MB",
        "Sign-in": "the host's own" if visit.console.identify else "with a password",
    }
    return visit.render(
        "settings.html", facts=facts, active=sum(each.active for each in everybody), people=len(everybody),
        away=[(TURNED_AWAY_WORDS.get(kind, kind), count) for kind, count in away.items()],
        odd=visit.desk.warnings(),
    )  # fmt: skip


# People


def people_page(visit: Visit) -> Response:
    """List the known people."""
    return listed(visit)


def listed(visit: Visit, status: int = 200, problem: FirsthandError | None = None) -> Response:
    """Return the list of people, with what was wrong."""
    wanted = visit.asked("q").casefold()
    found = [
        each for each in visit.journal.people.all()
        if wanted in " ".join((each.id, each.name, *each.roles)).casefold()
    ]  # fmt: skip
    found.sort(key=lambda each: (not each.active, each.name.casefold()))
    return visit.render(
        "settings_people.html", status, people=found[:MOST], more=len(found) - MOST, q=visit.asked("q"),
        problem=problem, roles=known_roles(visit), given=visit.form, can=visit.console.accounts.with_password(),
        local=visit.console.identify is None,
    )  # fmt: skip


def known_roles(visit: Visit) -> list[str]:
    """Return the roles that actions name or people have."""
    named = {role for entry in visit.entries.values() for role in (*entry["roles"], *entry["ask"])}
    return sorted((named | {role for each in visit.journal.people.all() for role in each.roles}) - {"everybody"})


def chosen_roles(visit: Visit) -> tuple[str, ...]:
    """Return the roles of a form: those ticked, and those written, apart by commas."""
    ticked = [each for each in visit.form.getlist("role") if isinstance(each, str)]
    written = [each.strip() for each in visit.said("more_roles").split(",")]
    return tuple(dict.fromkeys(each for each in (*ticked, *written) if each))


def add(visit: Visit) -> Response:
    """Add somebody, and show their invitation."""
    id = visit.said("id")
    name = visit.said("name") or titled(id.split("@", maxsplit=1)[0])
    try:
        added = visit.journal.people.add(Person(id, name, chosen_roles(visit)), by=visit.person)
    except FirsthandError as error:
        return listed(visit, 422, error)
    return edited(visit, added, invitation=invitation(visit, added))


def edit_page(visit: Visit) -> Response:
    """Show one person, to be changed."""
    return edited(visit, one(visit, visit.asked("person")))


def one(visit: Visit, id: str) -> Person:
    """Return a person, those who left too; raises ``NotFound``."""
    for each in visit.journal.people.all():
        if each.id == id:
            return each
    raise NotFound("There is no such person.", "Look at the list of people.")


def edited(visit: Visit, person: Person, status: int = 200, **said: Any) -> Response:
    """Return the page of one person, with what was done or what was wrong."""
    context = {"problem": None, "invitation": "", "done": "", **said}
    accounts, local = visit.console.accounts, visit.console.identify is None
    return visit.render(
        "settings_person.html", status, UNSEEN, each=person, roles=sorted({*known_roles(visit), *person.roles}),
        sessions=accounts.sessions(person.id) if local else [], local=local,
        can=person.id in accounts.with_password(), **context,
    )  # fmt: skip


def change(visit: Visit) -> Response:
    """Change somebody's name, roles, and whether they administer and are still there."""
    before = one(visit, visit.said("person"))
    changes = {
        "name": visit.said("name") or before.name, "roles": chosen_roles(visit),
        "administers": text_of(visit.form, "administers") == "on", "active": text_of(visit.form, "active") == "on",
    }  # fmt: skip
    try:
        after = visit.journal.people.change(before.id, by=visit.person, **changes)
    except FirsthandError as error:
        return edited(visit, before, 422, problem=error)
    return edited(visit, after, done="Changed." if after != before else "Nothing was different.")


def invite(visit: Visit) -> Response:
    """Show somebody's invitation, once; those before are void."""
    person = one(visit, visit.said("person"))
    try:
        return edited(visit, person, invitation=invitation(visit, person))
    except FirsthandError as error:
        return edited(visit, person, 422, problem=error)


def invitation(visit: Visit, person: Person) -> str:
    """Return the link of a new invitation; empty where the host says who is there."""
    if visit.console.identify is not None:
        return ""
    request = visit.request
    base = visit.console.url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}{prefix_of(request)}"
    return f"{base}/invitation/{visit.console.accounts.invite(person.id, visit.person)}"


def end_sessions(visit: Visit) -> Response:
    """Sign somebody out everywhere."""
    person = one(visit, visit.said("person"))
    ended = visit.console.accounts.sign_out_everywhere(person.id, visit.person)
    return edited(visit, person, done=f"Signed out everywhere ({ended}).")


# Who may what


def rights_page(visit: Visit) -> Response:
    """Say who may what: each role with its people, and, of one role, what it may."""
    role, wanted = visit.asked("role"), visit.asked("q").casefold()
    entries = sorted(visit.entries.items())
    people = [each for each in visit.journal.people.all() if each.active]
    rows = [
        (each, [person for person in people if each in person.roles], sum(each in e["roles"] for _, e in entries))
        for each in known_roles(visit)
    ]
    found = [
        (name, entry) for name, entry in entries
        if (not role or role in entry["roles"]) and wanted in f"{name} {entry['title']}".casefold()
    ]  # fmt: skip
    return visit.render(
        "settings_rights.html", rows=rows, role=role, q=visit.asked("q"), found=found[:MOST], more=len(found) - MOST
    )


PAGES = tuple(
    (method, path, administering(page))
    for method, path, page in (
        ("GET", "/settings", settings_page),
        ("GET", "/settings/people", people_page),
        ("POST", "/settings/people", add),
        ("GET", "/settings/person", edit_page),
        ("POST", "/settings/person", change),
        ("POST", "/settings/person/invite", invite),
        ("POST", "/settings/person/sign-out", end_sessions),
        ("GET", "/settings/rights", rights_page),
    )
)
