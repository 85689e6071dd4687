"""``run`` performs from options, refuses in the core's words, and its exit code tells which."""

import pytest

from firsthand.core.errors import JournalUnavailable
from firsthand.surfaces.terminal.running import telling_the_key

from .terminals import LOGIN, Terminal

CANCEL = ("run", "subscription.cancel", "--account", "42", "--reason", "customer asked")


def test_a_run_is_performed_and_on_record(terminal: Terminal) -> None:
    said = terminal(
        *CANCEL, "--notes", "Moves abroad", "--requested-by", "luis@example.com", "--ticket", "4411", "--json"
    )
    assert said.code == 0
    run = terminal("show", str(said.json["id"]), "--json").json
    assert [event["kind"] for event in run.pop("events")] == ["recorded", "performing", "succeeded"]
    assert run == said.json
    assert (run["actor"], run["surface"], run["outcome"]) == ("priya@acme.com", "terminal", "succeeded")
    assert (run["requested_by"], run["ticket"], run["notes"]) == ("luis@example.com", "4411", "Moves abroad")
    assert run["subjects"] == [
        {"kind": "account", "id": "42", "label": "luis@example.com", "traits": {"country": "Brazil", "plan": "family"}}
    ]


REFUSALS = {
    "unknown_action": ("run", "subscription.cancle", "--account", "42"),
    "no_right": ("run", "account.merge", "--keep", "42", "--duplicate", "46", "--reason", "fraud"),
    "clause_failed": ("run", "invoice.refund", "--invoice", "98", "--amount", "13", "--reason", "outage"),
    "reason_missing": CANCEL[:4],
    "reason_unknown": (*CANCEL[:5], "bored"),
    "notes_missing": (*CANCEL[:5], "other", "--notes", "."),
    "input_invalid": ("run", "invoice.refund", "--invoice", "98", "--amount", "lots", "--reason", "outage"),
    "unknown_subject": (*CANCEL[:3], "7", *CANCEL[4:]),
    "check_failed": ("run", "account.unlock", "--account", "42", "--reason", "travelling"),
    "text_too_long": (*CANCEL, "--notes", "n" * 10_001),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_everything_the_core_refuses_exits_with_3_and_is_on_record(code: str, terminal: Terminal) -> None:
    said = terminal(*REFUSALS[code], "--json")
    assert said.code == 3, said
    assert said.json["refusal"]["code"] == code
    assert said.json["refusal"]["message"]
    assert said.json["refusal"]["fix"]
    assert terminal("feed", "--outcome", "refused", "--json").json[0]["id"] == said.json["id"]


def test_wrong_usage_exits_with_2_and_is_not_on_record(terminal: Terminal) -> None:
    assert terminal(*CANCEL, "--bogus", "1").code == 2
    assert terminal("bogus").code == 2
    assert terminal("feed", "--limit", "many").code == 2
    assert terminal("feed", "--json").json == []


def test_text_that_is_not_utf_8_is_refused_and_on_record(terminal: Terminal) -> None:
    said = terminal(*CANCEL, "--notes", b"caf\xe9", "--json")
    assert (said.code, said.json["refusal"]["code"], said.json["notes"]) == (3, "text_invalid", "caf\\udce9")
    said = terminal("run", b"caf\xe9")
    assert said.code == 3
    assert terminal("feed", "--json").json[0]["refusal"]["code"] == "unknown_action"


def test_inputs_over_a_mebibyte_are_refused_and_on_record(terminal: Terminal) -> None:
    (terminal.folder / "support.py").write_text(
        "from firsthand import Desk\n"
        "desk = Desk('Acme', why=['fraud'])\n"
        "@desk.action('texts.keep', who='support')\n"
        "def keep(texts: list[str]) -> str:\n    return 'kept'\n"
    )
    terminal.environment["FIRSTHAND_DESK"] = "support:desk"
    pieces = [f"--texts={'x' * 100_000}" for _ in range(11)]
    assert terminal("run", "texts.keep", *pieces, "--reason", "fraud", "--json").code == 3
    run = terminal("feed", "--json").json[0]
    assert (run["refusal"]["code"], run["inputs"]) == ("inputs_too_large", None)


def test_a_login_that_is_not_known_is_turned_away_and_that_is_on_record(terminal: Terminal) -> None:
    terminal("people", "change", "priya@acme.com", "--no-login")
    said = terminal(*CANCEL, USER="priya@acme.com", LOGNAME="priya@acme.com", FIRSTHAND_ACTOR="priya@acme.com")
    assert said.code == 3
    assert f"does not know the login {LOGIN}" in said.err
    assert terminal("feed", "--json").json == []
    assert "was turned away" in terminal("feed").out


def test_an_input_may_be_given_by_name(terminal: Terminal) -> None:
    said = terminal("run", "subscription.cancel", "--input", "account=42", "--reason", "fraud", "--json")
    assert said.json["inputs"] == {"account": 42, "at_once": False}
    assert terminal("run", "subscription.cancel", "--input", "account", "--reason", "fraud").code == 2


def test_a_failed_run_exits_with_1(bare: Terminal) -> None:
    (bare.folder / "support.py").write_text(
        "from firsthand import Desk\n"
        "desk = Desk('Acme', why=['fraud'])\n"
        "@desk.action('it.breaks', who='support')\n"
        "def breaks() -> str:\n    raise SystemExit('gone')\n"
    )
    bare("people", "add", "priya", "--role", "support", "--login", LOGIN)
    said = bare("run", "it.breaks", "--reason", "fraud", "--json", FIRSTHAND_DESK="support:desk")
    assert (said.code, said.json["outcome"], said.json["error"]["type"]) == (1, "failed", "SystemExit")
    assert "raise SystemExit('gone')" in said.json["error"]["traceback"]


def test_a_desk_that_cannot_be_imported_says_why(bare: Terminal) -> None:
    (bare.folder / "support.py").write_text("import nothing_of_that_name\n")
    said = bare("run", "it.breaks", FIRSTHAND_DESK="support:desk")
    assert said.code == 2
    assert "No module named 'nothing_of_that_name'" in said.err
    (bare.folder / "support.py").write_text(
        "from firsthand import Desk\ndesk = Desk('Acme')\n@desk.action('a.b')\ndef b(x: int) -> None: ...\n"
    )
    said = bare("run", "a.b", FIRSTHAND_DESK="support:desk")
    assert said.code == 2
    assert "does not say who may perform it" in said.err


def test_help_of_an_action_says_who_why_and_when(terminal: Terminal) -> None:
    said = terminal("run", "invoice.refund", "--help")
    assert said.code == 0
    for words in ("Give money back", "Support: up to 10. Lead: always.", "double charge, outage, other", "--amount"):
        assert words in said.out


def test_hidden_actions_look_like_unknown_ones(bare: Terminal) -> None:
    (bare.folder / "support.py").write_text(
        "from firsthand import Desk\n"
        "desk = Desk('Acme', why=['fraud'])\n"
        "@desk.action('it.hides', who='lead', ask='nobody')\n"
        "def hides(secret_name: str) -> str:\n    return 'x'\n"
    )
    bare("people", "add", "priya", "--role", "support", "--login", LOGIN)
    bare.environment["FIRSTHAND_DESK"] = "support:desk"
    hidden = bare("run", "it.hides", "--secret-name", "x", "--help", "--reason", "fraud")
    unknown = bare("run", "it.hidez", "--secret-name", "x", "--help", "--reason", "fraud")
    assert hidden.code == unknown.code == 3
    assert hidden.out.lower().replace("hides", "hidez").replace("1 [", "2 [") == unknown.out.lower()
    assert "it.hides" not in bare("actions").out
    assert "it.hides" not in bare("run", "--help").out


def test_under_its_key_a_run_is_sent_again_as_the_same_and_anything_else_is_refused(terminal: Terminal) -> None:
    first, again = (terminal(*CANCEL, "--once", "luis-4411", "--json") for _ in range(2))
    assert (first.code, again.code, again.json["id"]) == (0, 0, first.json["id"])
    assert "sent before" not in first.err
    assert "sent before" in terminal(*CANCEL, "--once", "luis-4411").err
    other = terminal(*CANCEL, "--notes", "Both.", "--once", "luis-4411", "--json")
    assert (other.code, other.json["refusal"]["code"]) == (3, "key_used")
    asks = [terminal("ask", *CANCEL[1:], "--once", "ask", "--json") for _ in range(2)]
    assert asks[0].json["id"] == asks[1].json["id"]


def test_where_a_run_may_not_be_on_record_its_key_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(JournalUnavailable), telling_the_key("luis-4411"):
        raise JournalUnavailable("The journal is full.")
    assert capsys.readouterr().err == "To send it again as the same, never twice: --once luis-4411\n"
