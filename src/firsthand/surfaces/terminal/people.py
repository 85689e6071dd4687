"""``people`` and ``who``: the known people, and who may do what. For whoever holds the database, under their login."""

from __future__ import annotations

import click

from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError
from firsthand.core.text import titled
from firsthand.settings import Settings
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.completion import action_names
from firsthand.surfaces.terminal.context import journal_of, known_catalogue, login, open_journal, sitting_here


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a list of people as JSON.")
@click.pass_context
def people_command(ctx: click.Context, as_json: bool) -> None:
    """List the known people, add and change them."""
    if ctx.invoked_subcommand:
        return
    everybody = open_journal().people.all()
    if as_json:
        printing.say_json([described(person) for person in everybody])
        return
    rows = [
        (person.id, person.name, ", ".join(person.roles), person.login or "", ", ".join(marks(person)))
        for person in everybody
    ]
    printing.table(["id", "name", "roles", "login", ""], rows)


def described(person: Person) -> dict[str, object]:
    """Return a person as JSON shows them."""
    return {
        "id": person.id, "name": person.name, "roles": list(person.roles), "login": person.login,
        "administers": person.administers, "active": person.active,
    }  # fmt: skip


def marks(person: Person) -> list[str]:
    """Return what stands behind somebody in the list."""
    return ["administers"] * person.administers + ["left"] * (not person.active)


@people_command.command()
@click.argument("id")
@click.option("--name", help="What screens show; made of the id if not given.")
@click.option("--role", "roles", multiple=True, help="A role of theirs; may be given several times.")
@click.option(
    "--login", "as_login", metavar="LOGIN", help="Their login on this machine, by which a terminal knows them."
)
def add(id: str, name: str | None, roles: tuple[str, ...], as_login: str | None) -> None:
    """Add somebody by their ID, an e-mail address say. The first person added administers."""
    person = Person(id, name or titled(id.split("@", maxsplit=1)[0]), tuple(dict.fromkeys(roles)), as_login)
    added = journal_of(Settings.load()).people.add(person, by=login())
    printing.say(f"Added {added.name} ({added.id}){', who administers' if added.administers else ''}.")


@people_command.command()
@click.argument("id")
@click.option("--name", help="What screens show.")
@click.option("--role", "roles", multiple=True, help="Their roles from now on, instead of those before.")
@click.option("--no-role", is_flag=True, help="Take all roles away.")
@click.option("--login", "as_login", metavar="LOGIN", help="Their login on this machine.")
@click.option("--no-login", is_flag=True, help="Take their login away.")
@click.option("--administers/--no-administers", default=None, help="Whether they administer.")
@click.option("--return", "returns", is_flag=True, help="They are back.")
def change(id: str, roles: tuple[str, ...], no_role: bool, as_login: str | None, no_login: bool, returns: bool,
           name: str | None, administers: bool | None) -> None:  # fmt: skip
    """Change somebody's name, roles or login."""
    changes: dict[str, object] = {}
    if name is not None:
        changes["name"] = name
    if roles or no_role:
        changes["roles"] = () if no_role else tuple(dict.fromkeys(roles))
    if as_login is not None or no_login:
        changes["login"] = None if no_login else as_login
    if administers is not None:
        changes["administers"] = administers
    if returns:
        changes["active"] = True
    if not changes:
        raise click.UsageError("Say what to change: see --help.")
    journal = open_journal()
    journal.person(id)  # a host's is known to the journal from then on
    person = journal.people.change(id, by=login(), **changes)
    printing.say(f"Changed {person.name} ({person.id}): {', '.join(person.roles) or 'no role'}.")


@people_command.command()
@click.argument("id")
def remove(id: str) -> None:
    """Let somebody go: they may do nothing from now on; what they did stays theirs."""
    person = open_journal().people.change(id, by=login(), active=False, login=None)
    printing.say(f"{person.name} ({person.id}) has left.")


@people_command.command()
@click.argument("id")
@click.option("--url", help="Where people reach the console; that of the settings, else http://127.0.0.1:8000.")
def invite(id: str, url: str | None) -> None:
    """Print a link with which somebody sets their password for the console: once, within a week."""
    from firsthand.storage.accounts import Accounts

    token = Accounts(open_journal()).invite(id, by=login())
    base = (url or Settings.load().url or "http://127.0.0.1:8000").rstrip("/")
    printing.say(f"{base}/invitation/{token}")


@people_command.command("sign-out")
@click.argument("id")
def sign_out(id: str) -> None:
    """End all of somebody's sessions at the console."""
    from firsthand.storage.accounts import Accounts

    ended = Accounts(open_journal()).sign_out_everywhere(id, by=login())
    printing.say(f"Signed {id} out everywhere (sessions: {ended}).")


@click.command()
@click.argument("action", required=False, shell_complete=action_names)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def who_command(action: str | None, as_json: bool) -> None:
    """Say who you are; or, with ACTION, who may perform it."""
    journal = open_journal()
    if action is not None:
        say_who_may(journal, action, as_json=as_json)
        return
    person = sitting_here(journal)
    if person is None:
        raise FirsthandError(f"The journal does not know the login {login()}.", "See firsthand people --help: --login.")
    if as_json:
        printing.say_json(described(person))
    else:
        printing.say(f"{person.name} ({person.id}): {', '.join(person.roles) or 'no role'}")


def say_who_may(journal: SqlJournal, action: str, *, as_json: bool) -> None:
    """Say who may perform an action, in words and by name."""
    entries = known_catalogue()
    name = next((key for key, entry in entries.items() if action in entry.get("aliases", ())), action)
    if name not in entries:
        raise FirsthandError(f"There is no action “{action}” on record.", "firsthand actions lists those there are.")
    roles = set(entries[name]["roles"])
    able = [person for person in journal.people.all() if person.active and roles.intersection(person.roles)]
    if as_json:
        people = [described(person) for person in able]
        printing.say_json({"action": name, "who": entries[name]["who"], "people": people})
        return
    printing.say(f"{entries[name]['title']} ({name}). Who may: {entries[name]['who']}")
    rows = [(person.name, person.id, ", ".join(sorted(roles.intersection(person.roles)))) for person in able]
    printing.table(["name", "id", "through"], rows)
