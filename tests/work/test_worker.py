"""A worker performs what waits: at once where it is woken, when it is due, and what others have lost."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firsthand import Desk, Person, Run
from firsthand.core.errors import JournalUnavailable
from firsthand.core.journal import Step
from firsthand.core.runs import microseconds
from firsthand.storage.journal import SqlJournal
from firsthand.storage.queue import Queue
from firsthand.work.worker import Worker

from ..databases import url


@dataclass
class Account:
    id: int


class Office:
    """A desk with a journal, an action in the background, and what it did."""

    def __init__(self, folder: Path) -> None:
        self.done: list[int] = []
        self.most = self.now = 0
        self.guard = threading.Lock()
        self.go = threading.Event()
        self.begun = threading.Event()
        self.desk = desk = Desk("Office", why=["customer asked"])
        self.journal = SqlJournal(url(folder))
        self.journal.people.add(Person("priya", "Priya", ("support",)), by="test")
        desk.use(self.journal)

        @desk.subject()
        def account(id: int) -> Account:
            """An account."""
            return Account(id)

        @desk.action("account.touch", who="support", background=True)
        def touch(n: int) -> int:
            """Touch it."""
            self.done.append(n)
            return n

        @desk.action("account.close", who="support", background=True, one_at_a_time=True)
        def close(account: Account) -> None:
            """Close it."""
            with self.guard:
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(0.02)
            with self.guard:
                self.now -= 1

        @desk.action("account.hold", who="support", background=True)
        def hold() -> None:
            """Take long."""
            self.begun.set()
            assert self.go.wait(10)

    def touch(self, n: int = 1, due: datetime | None = None) -> Run[object]:
        return self.queue("account.touch", {"n": n}, due)

    def queue(self, action: str, inputs: dict[str, object] | None = None, due: datetime | None = None) -> Run[object]:
        self.desk.start()
        at = microseconds(due) if due else None
        said = {"reason": "customer asked", "due": at}
        return self.desk.pipeline.perform_request(self.desk.request(action, inputs, "priya", "test", **said))

    def status(self, run: Run[object]) -> str:
        found = self.journal.run(run.id)
        assert found
        return found.status


@pytest.fixture
def office(tmp_path: Path):
    made = Office(tmp_path)
    yield made
    made.journal.close()


def until(holds: Callable[[], bool], seconds: float = 5.0) -> float:
    """Wait until something holds; return how long that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds
        time.sleep(0.005)
    return time.monotonic() - began


def test_what_waited_before_it_started_is_performed(office: Office):
    runs = [office.touch(n) for n in range(5)]
    with Worker(office.desk, 2):
        until(lambda: all(office.status(run) == "succeeded" for run in runs))
    assert sorted(office.done) == [0, 1, 2, 3, 4]


def test_a_hint_wakes_it_at_once(office: Office):
    with Worker(office.desk, 1):
        time.sleep(0.2)
        run = office.touch()
        assert until(lambda: office.status(run) == "succeeded") < 0.5


def test_a_run_that_the_engine_lost_is_found_within_a_second_or_so(office: Office):
    with Worker(office.desk, 1):
        office.desk.engine = None
        run = office.touch()
        assert until(lambda: office.status(run) == "succeeded") < 2


def test_a_run_is_performed_when_it_is_due_and_not_before(office: Office):
    due = datetime.fromtimestamp(time.time() + 0.6, UTC)
    with Worker(office.desk, 2):
        run = office.touch(due=due)
        until(lambda: office.status(run) == "succeeded")
    performed = office.journal.run(run.id).performing_at
    assert 0 <= (performed - due).total_seconds() < 0.3


def test_of_an_action_that_is_one_at_a_time_two_are_never_performed_on_one_subject(office: Office):
    runs = [office.queue("account.close", {"account": 1}) for _ in range(10)]
    with Worker(office.desk, 4):
        until(lambda: all(office.status(run) == "succeeded" for run in runs), 20)
    assert office.most == 1


def test_what_it_claimed_without_hearing_so_is_claimed_again(office: Office, monkeypatch: pytest.MonkeyPatch):
    claim, lost = Queue.claim, []

    def unheard(*given: Any, **more: Any) -> list[Run[Any]]:
        found = claim(*given, **more)
        if found and not lost:
            lost.append(found)
            raise JournalUnavailable("The answer was lost.", "Look.")
        return found

    monkeypatch.setattr(Queue, "claim", unheard)
    run = office.touch()
    with Worker(office.desk, 1):
        until(lambda: office.status(run) == "succeeded")
    assert (len(lost), office.journal.run(run.id).fence) == (1, 2)


def test_stopping_finishes_what_is_being_performed_and_begins_nothing_more(office: Office):
    worker = Worker(office.desk, 1)
    worker.start()
    long = office.queue("account.hold")
    assert office.begun.wait(5)
    later = office.touch()
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    time.sleep(0.1)
    assert stopping.is_alive()
    office.go.set()
    stopping.join(5)
    assert (office.status(long), office.status(later), office.done) == ("succeeded", "queued", [])
    assert office.desk.engine is None
    assert office.journal.run(later.id).process is None


def test_duties_are_called_again_when_they_want_to_be(office: Office):
    calls: list[float] = []

    def duty() -> float:
        calls.append(time.monotonic())
        return 0.05

    with Worker(office.desk, 1, duties=[duty]):
        until(lambda: len(calls) > 3)
    assert calls[3] - calls[0] >= 0.12


def test_what_stays_unknown_is_asked_about_ever_more_seldom(tmp_path: Path) -> None:
    office, asked = Office(tmp_path), []

    @office.desk.action("card.charge", who="support", verify=lambda: asked.append(1))
    def charge() -> None:
        """Charge."""

    run = office.desk.run("card.charge", by="priya", reason="customer asked", at=datetime(2027, 6, 1, tzinfo=UTC))
    for before, after in (("queued", "performing"), ("performing", "unknown")):
        assert office.journal.step(Step(run.id, before, after, 1, None))
    worker = Worker(office.desk)
    for _ in range(5):
        worker.find_out()
    assert len(asked) == 1
    worker.asked[run.id] = (0.0, worker.asked[run.id][1])
    worker.find_out()
    assert len(asked) == 2
    office.journal.close()
