"""Chinook's own employees as the people of its desk, their titles as roles.

`python people.py` makes all eight known. `python people.py jane@chinookcorp.com` also seats you on Jane's chair: what
you run from a terminal is run by her, until you take another chair.
"""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator

import shop
from models import Employee
from sqlalchemy import select
from sqlalchemy.orm import Session


def staff() -> Iterator[tuple[str, str, str]]:
    """Yield e-mail, name and role of everybody who works at the shop, the general manager first."""
    with Session(shop.engine()) as session:
        for each in session.scalars(select(Employee).where(Employee.left_on.is_(None)).order_by(Employee.id)):
            yield each.email, each.name, each.title.lower()


def firsthand(*arguments: str) -> str:
    """Run a command of the terminal and return what it prints."""
    command = [sys.executable, "-m", "firsthand", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def logins() -> dict[str, str | None]:
    """Return who is known, with the login of each."""
    return {person["id"]: person["login"] for person in json.loads(firsthand("people", "--json"))}


def add() -> None:
    """Make everybody known who is not yet; the first of all administers."""
    firsthand("db", "upgrade")
    known = logins()
    for email, name, role in staff():
        if email not in known:
            firsthand("people", "add", email, "--name", name, "--role", role)


def seat(email: str) -> None:
    """Give your login to one of them, away from whoever had it."""
    mine = pwd.getpwuid(os.getuid()).pw_name
    for other, login in logins().items():
        if login == mine:
            firsthand("people", "change", other, "--no-login")
    firsthand("people", "change", email, "--login", mine)


if __name__ == "__main__":
    add()
    for chair in sys.argv[1:2]:
        seat(chair)
    print(firsthand("people"), end="")
