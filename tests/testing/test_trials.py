import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from firsthand import Desk, FirsthandError, UnknownActor
from firsthand.testing import START, trial


@pytest.fixture
def desk() -> Desk:
    desk = Desk("Acme", why=["asked"])

    @desk.action("act", who="support")
    def act(amount: int = 1) -> int:
        return amount

    return desk


def test_a_trial_is_the_same_desk_on_a_real_journal_of_its_own(desk):
    with trial(desk, priya="support") as t:
        run = t.run("act", {"amount": 5}, by="priya", reason="asked")
        assert (run.value, run.desk, t.desk) == (5, "Acme", desk)
        path = t.journal.database.path
        with sqlite3.connect(path) as journal:
            assert journal.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    assert not path.parent.exists()


def test_everything_that_a_desk_does_can_be_tried(desk):
    with trial(desk, priya="support", ivan="intern") as t:
        assert t.take(t.ask("act", by="ivan", reason="asked").id, by="priya").outcome == "succeeded"
        assert t.decline(t.ask("act", by="ivan", reason="asked").id, "No, sorry.", by="priya").outcome == "declined"
        assert t.withdraw(t.ask("act", by="ivan", reason="asked").id, by="ivan").outcome == "withdrawn"


def test_people_have_one_role_or_several_and_ids_of_any_kind(desk):
    with trial(desk, {"priya@acme.com": "support", "lena": ("lead", "support")}, ivan=[]) as t:
        people = {person.id: person.roles for person in t.journal.people.all()}
        assert people == {"priya@acme.com": ("support",), "lena": ("lead", "support"), "ivan": ()}
        t.person("night shift", "support")
        assert t.run("act", by="night shift", reason="asked").outcome == "succeeded"
        with pytest.raises(FirsthandError):
            t.person("lena")


def test_the_clock_stands_still_until_it_is_moved(desk):
    with trial(desk, priya="support") as t:
        first, second = (t.run("act", by="priya", reason="asked") for _ in range(2))
        t.tick(days=30, hours=1)
        third = t.run("act", by="priya", reason="asked")
        assert (first.at, second.at, third.at) == (START, START, START + timedelta(days=30, hours=1))
        t.now = datetime(2030, 1, 1, tzinfo=UTC)
        assert t.run("act", by="priya", reason="asked").ended_at == t.now
    with trial(desk, now=datetime(2020, 1, 1, tzinfo=UTC), priya="support") as t:
        assert t.run("act", by="priya", reason="asked").at.year == 2020


def test_the_desk_has_its_own_journal_and_clock_back_even_after_an_error(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("FIRSTHAND_DATABASE", f"sqlite:///{tmp_path / 'own.db'}")
    own, clock = desk.journal, desk.clock
    with pytest.raises(ZeroDivisionError), trial(desk, priya="support"):
        raise ZeroDivisionError
    assert desk.journal is own
    assert desk.clock is clock
    with pytest.raises(UnknownActor):
        desk.run("act", by="priya")
    own.close()


def test_a_trial_that_cannot_begin_leaves_the_desk_alone(desk):
    clock = desk.clock
    with pytest.raises(FirsthandError), trial(desk, {" ": "support"}):
        pass
    assert desk.clock is clock
    assert desk._journal is None


def test_trials_may_stand_inside_of_each_other(desk):
    with trial(desk, priya="support") as outer:
        outer.run("act", by="priya", reason="asked")
        with trial(desk, lena="support") as inner:
            assert inner.run("act", by="lena", reason="asked").id == 1
        assert outer.run("act", by="priya", reason="asked").id == 2
