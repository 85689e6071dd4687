"""``people invite`` and ``people sign-out``: how whoever holds the database lets people into the console."""

from __future__ import annotations

import sqlite3

from .terminals import Terminal


def test_an_invitation_is_printed_once_and_kept_as_a_digest(terminal: Terminal) -> None:
    said = terminal("people", "invite", "priya@acme.com")
    assert said.code == 0
    start = "http://127.0.0.1:8000/invitation/"
    assert said.out.startswith(start)
    token = said.out.removeprefix(start).strip()
    assert token not in "".join(sqlite3.connect(terminal.folder / "firsthand.db").iterdump())
    assert "invited Priya to set a password" in terminal("feed").out


def test_an_invitation_leads_to_where_people_reach_the_console(terminal: Terminal) -> None:
    terminal.environment["FIRSTHAND_URL"] = "https://support.acme.com/desk/"
    assert terminal("people", "invite", "priya@acme.com").out.startswith("https://support.acme.com/desk/invitation/")
    said = terminal("people", "invite", "priya@acme.com", "--url", "http://here:9")
    assert said.out.startswith("http://here:9/invitation/")


def test_only_people_who_are_there_are_invited(terminal: Terminal) -> None:
    assert terminal("people", "invite", "nobody@acme.com").code == 1
    terminal("people", "remove", "sam@acme.com")
    said = terminal("people", "invite", "sam@acme.com")
    assert said.code == 1
    assert "no active person" in said.err


def test_somebody_is_signed_out_everywhere(terminal: Terminal) -> None:
    said = terminal("people", "sign-out", "priya@acme.com")
    assert (said.code, said.out) == (0, "Signed priya@acme.com out everywhere (sessions: 0).\n")


def test_doctor_says_who_was_turned_away_at_the_door(terminal: Terminal) -> None:
    with sqlite3.connect(terminal.folder / "firsthand.db") as journal:
        today = journal.execute("SELECT unixepoch() / 86400").fetchone()[0]
        journal.executemany("INSERT INTO turned_away VALUES (?, ?, ?)", [(today, "csrf", 3), (today - 40, "size", 9)])
    said = terminal("doctor").out
    assert "Turned away at the console's door in 30 days: a form that was not valid (any more) (3)." in said
