"""Asking, taking, declining, withdrawing and commenting from the terminal."""

from collections.abc import Callable

from .terminals import Terminal

ASK = ("ask", "account.merge", "--keep", "45", "--duplicate", "46", "--reason", "other", "--notes", "Both are theirs")


def test_an_ask_waits_and_is_taken_by_whoever_may(terminal: Terminal, as_sam: Callable[[], None]) -> None:
    said = terminal(*ASK, "--requested-by", "bjorn@example.com", "--json")
    assert said.code == 4
    ask = str(said.json["id"])
    assert [run["id"] for run in terminal("asks", "--json").json] == [said.json["id"]]
    assert terminal("take", ask).code == 3
    assert len(terminal("asks", "--json").json) == 1
    as_sam()
    taken = terminal("take", ask, "--json")
    assert taken.code == 0
    run = taken.json
    assert (run["actor"], run["asked_by"], run["requested_by"]) == (
        "sam@acme.com",
        "priya@acme.com",
        "bjorn@example.com",
    )
    assert run["inputs"] == {"keep": 45, "duplicate": 46}
    assert terminal("asks", "--json").json == []
    assert terminal("take", ask).code == 3


def test_an_ask_is_declined_in_words_and_stands_so(terminal: Terminal, as_sam: Callable[[], None]) -> None:
    ask = str(terminal(*ASK, "--json").json["id"])
    as_sam()
    assert terminal("decline", ask, ".").code == 3
    assert terminal("decline", ask, "They are two people.").code == 0
    run = terminal("show", ask, "--json").json
    assert (run["outcome"], run["refusal"]["message"]) == ("declined", "They are two people.")


def test_only_whoever_asked_withdraws(terminal: Terminal, as_sam: Callable[[], None]) -> None:
    first, second = (str(terminal(*ASK, "--json").json["id"]) for _ in range(2))
    assert terminal("withdraw", first, "Solved otherwise").code == 0
    as_sam()
    assert terminal("withdraw", second).code == 3
    assert [run["outcome"] for run in terminal("feed", "--json").json] == [None, "withdrawn"]


def test_a_comment_stands_below_the_run(terminal: Terminal) -> None:
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "fraud")
    assert terminal("comment", "1", "Customer confirmed.").code == 0
    assert "Priya commented: Customer confirmed." in terminal("show", "1").out
    assert terminal("comment", "99", "?").code == 1
    assert terminal("comment", "1", " ").code == 3
    assert terminal("comment", "one", "?").code == 1
