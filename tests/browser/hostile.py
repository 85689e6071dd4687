"""A desk and a journal in which every text is hostile: markup, templates, long words, odd letters, programs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr

from firsthand import Choices, Desk, File, Refused, Run
from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError
from firsthand.core.journal import Step
from firsthand.storage.journal import SqlJournal
from firsthand.storage.watches import Watch, Watches
from firsthand.storage.webhooks import KINDS, Webhooks

MARKUP = (
    "\"'><script class=xss>window.xss=1</script><img class=xss src=x onerror=window.xss=1>"
    "<b class=xss>{{77777*3}}{% raw %}</b>"
)
CLOSING = "</textarea></title></select></option></script>--><svg class=xss onload=window.xss=1>&lt;&amp;${77777*3}"
ODD = "\u202egnp.exe 😀👩‍👩‍👧 مرحبا e\u0301\u200b"
CONTROL = "\x07\x1b[31m\x7f\u0085\u2028\ufeff\r\n\t"
NUL = "\x00"
LONG = "W" * 1_000
PROGRAM = "javascript:window.xss=1"
EVERYTHING = MARKUP + CLOSING + ODD + CONTROL + NUL + LONG
"""All at once, for what may be as long as it likes."""

NAME = (MARKUP + "😀مرحبا" + LONG)[:200]
"""For names of people, roles and actions: they have 200 characters that can be seen."""

TEXTS = (MARKUP, CLOSING, ODD + MARKUP, CONTROL + MARKUP, NUL + MARKUP, LONG, PROGRAM, "{{77777*3}}", "' or 1=1 --")
MARKDOWN = f"""1. {MARKUP}
2. [a link]({PROGRAM}) and [another](data:text/html,<script>window.xss=1</script>)
3. ![a picture](https://evil.example/x.png) <https://evil.example/{LONG}> {LONG}
4. <script class=xss>window.xss=1</script>

<script class=xss>window.xss=1</script>
<iframe class=xss src="https://evil.example"></iframe>

## {CLOSING} {ODD}

| {MARKUP} | {LONG} |
"""
WHO = "ada@acme.com"
"""The one with a name that can be typed. She may do everything; so may those with hostile names."""


class Account:
    """Something that actions are done to."""

    def __init__(self, id: str) -> None:
        self.id = id


class Line(BaseModel):
    """A model with hostile words."""

    text: Annotated[str, Field(title=MARKUP, description=EVERYTHING)] = MARKUP
    count: Annotated[int, Field(title=LONG, ge=1)] = 1


def offered(account: Account) -> list[tuple[str, str]]:
    return [(each, each + MARKUP) for each in TEXTS]


def hostile_desk() -> Desk:  # noqa: C901 - it has many functions, none of which does much
    """Return the desk; whatever an author writes in words is hostile."""
    desk = Desk(EVERYTHING, environment=MARKUP + LONG, why=[MARKUP, PROGRAM, LONG[:200]], declares=NAME)

    @desk.subject(
        search=lambda text: [Account(each) for each in TEXTS],
        label=lambda account: EVERYTHING,
        traits=lambda account: {MARKUP: EVERYTHING, LONG: PROGRAM},
    )
    def account(id: str) -> Account | None:
        return Account(id)

    def holds(account: Account) -> bool:
        return True

    def fails(account: Account) -> bool:
        raise Refused(EVERYTHING, fix=EVERYTHING)

    def lacks(text: str, account: Account) -> bool:
        return text != "x"

    holds.__doc__ = fails.__doc__ = lacks.__doc__ = EVERYTHING
    who = {NAME: holds, "lead": True, LONG[:200]: True}
    said: dict[str, Any] = {"who": who, "tags": [MARKUP, LONG, PROGRAM], "owner": EVERYTHING}

    def action(name: str, **more: Any) -> Any:
        def register(function: Any) -> Any:
            function.__doc__ = EVERYTHING + "\n\n" + MARKDOWN
            return desk.action(name, title=EVERYTHING, **{**said, **more})(function)

        return register

    @action(NAME, when=[holds, lacks], aliases=[PROGRAM, "<b class=xss>alias"])
    def hostile(
        account: Account,
        text: Annotated[str, Field(title=EVERYTHING, description=EVERYTHING)],
        choice: Annotated[str, Choices(offered)],
        items: list[Line] = [Line()],
        mapping: dict[str, str] = {MARKUP: EVERYTHING},
        code: SecretStr = SecretStr("hidden from all"),
        file: File | None = None,
        long_name_of_an_input_that_goes_on_and_on_without_any_space_at_all_until_it_is_wider_than_a_phone: bool = True,
    ) -> Any:
        return text

    @action("not.now", when=[holds, fails])
    def not_now(account: Account) -> None: ...

    @action("returns", who={NAME: True, "lead": True})
    def returns(account: Account, which: int, run: Run[Any]) -> Any:
        run.say(EVERYTHING)
        return VALUES[which]()

    @action("others.only", who={"others": True})
    def others_only(account: Account) -> None: ...

    return desk


def refuse() -> None:
    raise Refused(EVERYTHING, fix=EVERYTHING)


def fail() -> None:
    raise ValueError(EVERYTHING)


VALUES: tuple[Any, ...] = (
    lambda: EVERYTHING, lambda: PROGRAM, lambda: f'https://evil.example/{MARKUP.replace(" ", "")}',
    lambda: {EVERYTHING: EVERYTHING, PROGRAM: PROGRAM}, lambda: [{EVERYTHING: each, LONG: LONG} for each in TEXTS],
    lambda: list(TEXTS), lambda: {"deep": [{MARKUP: [EVERYTHING, {LONG: CLOSING}]}]},
    lambda: File(NAME, MARKUP.encode(), "text/html"),
    lambda: [File(NAME, b"\x00", NAME), File(LONG, b"", "image/svg+xml")],
    refuse, fail,
)  # fmt: skip
"""What the action returns, or does instead."""


def people() -> Iterator[Person]:
    """Yield the people: one who can be typed, and those with hostile names and roles."""
    yield Person(WHO, "Ada", ("lead", NAME), administers=True)
    yield Person(NAME, NAME, (NAME, LONG[:200]), administers=True)
    for number, text in enumerate(TEXTS):
        if text.isprintable():
            yield Person(f"{number}{text}"[:200], text[:200], (text[:200], "lead"))


def fill(desk: Desk, journal: SqlJournal) -> dict[str, int]:
    """Put hostile history on record, and return its runs by what they are."""
    for person in people():
        journal.people.add(person, "root")
    said = {"reason": MARKUP, "notes": EVERYTHING, "requested_by": MARKUP + LONG[:200], "ticket": MARKUP}
    runs = {}
    for number in range(len(VALUES)):
        about = {"account": TEXTS[number % len(TEXTS)], "which": number}
        runs[f"returns-{number}"] = desk.run("returns", about, by=(WHO, NAME)[number % 2], **said).id
    inputs = {
        "account": MARKUP,
        "text": EVERYTHING,
        "choice": TEXTS[0],
        "items": [{"text": EVERYTHING}],
        "mapping": {MARKUP: LONG},
    }
    runs["performed"] = desk.run(NAME, inputs, by=NAME, **said).id
    runs["refused"] = desk.run("not.now", {"account": EVERYTHING}, by=WHO, **said).id
    runs["no such action"] = desk.run(MARKUP + LONG, {MARKUP: EVERYTHING}, by=WHO, **said).id
    runs["no such input"] = desk.run("returns", {MARKUP: EVERYTHING, "account": NUL + MARKUP}, by=WHO, **said).id
    runs["asked"] = desk.ask("returns", {"account": MARKUP, "which": 0}, by=NAME, **said).id
    runs["asked by me"] = desk.ask("others.only", {"account": LONG}, by=WHO, **said).id
    runs["declined"] = desk.ask("returns", {"account": MARKUP, "which": 0}, by=NAME, **said).id
    desk.decline(runs["declined"], EVERYTHING, by=WHO)
    runs["withdrawn"] = desk.ask("returns", {"account": MARKUP, "which": 0}, by=WHO, **said).id
    desk.withdraw(runs["withdrawn"], EVERYTHING, by=WHO)
    runs["unknown"] = interrupted(desk, journal, "unknown", said)
    runs["performing"] = interrupted(desk, journal, "performing", said)
    for text in (EVERYTHING, f"@{WHO} @ada {MARKUP} @{NAME}", PROGRAM, MARKDOWN):
        for run in (runs["performed"], runs["performing"]):
            journal.append("commented", actor=NAME, at=desk.clock(), run=run, data={"text": text})
    manual(desk, runs, said)
    many(desk, journal, said)
    told(journal, desk.clock())
    with suppress(FirsthandError):
        desk.decline(runs["performed"], EVERYTHING, by=NAME)
    journal.append("handed_over", actor=NAME, at=desk.clock(), run=None, data={"text": MARKDOWN + EVERYTHING + " @ada"})
    behind_its_back(journal.database.path, runs["returns-0"])
    return runs


def many(desk: Desk, journal: SqlJournal, said: dict[str, Any]) -> None:
    """Leave a batch in each state, and a schedule that is paused and one that is not, with hostile words."""
    rows = [{"account": f"{text}{number}", "which": number} for number, text in enumerate(TEXTS)]
    unfit = [{"account": MARKUP, "which": EVERYTHING}, {"account": LONG, PROGRAM: MARKUP}]
    given = {"by": WHO, "source": MARKUP + LONG[:100], **said}
    desk.draft_batch("returns", [*rows, *unfit], **given)
    desk.draft_batch("returns", rows, background=True, **given)
    desk.draft_batch("not.now", [{"account": text} for text in TEXTS], **given)
    for verb in ("pause", "cancel", "perform"):
        batch = desk.draft_batch("returns", rows, **given)
        desk.confirm_batch(batch.id, batch.digest, by=WHO, throttle=1_000_000, stop_after=1 if verb == "perform" else 9)
        desk.perform_batch(batch.id) if verb == "perform" else getattr(desk, f"{verb}_batch")(batch.id, by=WHO)
    for cron in ("0 8 * * 1-5", "59 23 31 12 *"):
        made = desk.schedule("returns", {"account": MARKUP, "which": 1}, by=WHO, cron=cron, zone="UTC", **said)
    desk.schedules.pause(made.id, by=WHO)


def told(journal: SqlJournal, at: int) -> None:
    """Leave webhooks, watches, and messages that could not be delivered, with hostile words."""
    webhooks, watches = Webhooks(journal), Watches(journal)
    made = webhooks.add(NAME, f"https://{'w' * 200}.example/'><script>", list(KINDS), "root", at, [NAME])
    webhooks.failed(made.id, EVERYTHING, at, gone=True)
    person = journal.person(WHO)
    assert person
    for watch in (Watch("action", NAME), Watch("action", "returns"), Watch("subject", f"account:{MARKUP}{'W' * 90}")):
        watches.add(person, watch)
    sql = "INSERT INTO messages (recipient, state, at, due, tries, said) VALUES (?, ?, ?, ?, 9, ?)"
    for to in (f"person:{WHO}", f"person:{NAME}", f"webhook:{made.id}"):
        rows = [(to, state, at, at, EVERYTHING) for state in ("failed", "waiting")]
        journal.database.write(lambda connection, rows=rows: connection.executemany(sql, rows).rowcount)


def manual(desk: Desk, runs: dict[str, int], said: dict[str, Any]) -> None:
    """Declare a manual action with hostile words, and leave runs of it open and finished."""
    words = {
        "title": (MARKUP + LONG)[:200],
        "description": MARKDOWN,
        "owner": (MARKUP + LONG)[:200],
        "tags": [MARKUP, LONG[:200]],
    }
    desk.declare("by.hand", by=WHO, who=[NAME, "lead"], steps=MARKDOWN, why=[MARKUP], subject="account", **words)
    runs["by hand"] = desk.run("by.hand", {"account": MARKUP}, by=WHO, **said).id
    runs["by hand, failed"] = desk.run("by.hand", {"account": LONG}, by=WHO, **said).id
    desk.tick(runs["by hand"], 1, by=WHO)
    desk.finish(runs["by hand, failed"], "failed", EVERYTHING, by=WHO)


def interrupted(desk: Desk, journal: SqlJournal, status: str, said: dict[str, Any]) -> int:
    """Leave a run that has not ended, and return its id."""
    attempt = desk.pipeline.record(desk.request("returns", {"account": MARKUP, "which": 0}, WHO, "console", **said))
    with attempt.opened:
        desk.pipeline.perform_attempt(attempt)
    if status != "performing":
        journal.step(Step(attempt.run.id, "performing", status, desk.clock(), None))
    return attempt.run.id


def behind_its_back(path: Path, run: int) -> None:
    """Write what neither core nor journal would let in: hostile words in the columns that name somebody."""
    connection = sqlite3.connect(path)
    with connection:
        guards = connection.execute(GUARDS).fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        values = dict.fromkeys(COLUMNS, EVERYTHING.replace(NUL, ""))
        wanted = ", ".join(f"{name} = :{name}" for name in COLUMNS)
        connection.execute(f"UPDATE runs SET {wanted} WHERE id = :id", {**values, "id": run})
        for _, sql in guards:
            connection.execute(sql)
    connection.close()


GUARDS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'runs'"
COLUMNS = ("actor", "asked_by", "surface", "environment", "desk", "requested_by", "reason", "notes", "ticket", "digest")
