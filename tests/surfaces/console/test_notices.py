"""The pages on how one is told, what one watches, and webhooks: what is sent is kept, or said to be wrong in words."""

from __future__ import annotations

import pytest

from firsthand.core.actors import Person
from firsthand.settings import Settings
from firsthand.storage.preferences import preferences_of
from firsthand.storage.watches import Watch, Watches
from firsthand.storage.webhooks import Webhooks
from firsthand.surfaces.notify.deliverer import Deliverer

from ..notify.servers import Hooks, Mailbox, answered
from .consoles import House

OWN = {
    "mail": "on", "address": "p@acme.com", "digest": "daily", "hour": "7", "quiet_from": "22:00", "quiet_to": "07:00",
    "zone": "Europe/Berlin", "kind-asked": "on", "kind-mentioned": "on",
}  # fmt: skip


def test_how_one_is_told_is_kept_and_shown(house: House) -> None:
    assert "Notifications" in house.get("/account")
    assert house.post("/account/notifications", OWN).status_code == 303
    kept = preferences_of(house.journal.database, "priya@acme.com")
    assert (kept.address, kept.digest, kept.hour, kept.quiet_from, kept.zone) == (
        "p@acme.com", "daily", 7, "22:00", "Europe/Berlin",
    )  # fmt: skip
    assert set(kept.without) == {"waiting", "unknown", "schedule", "answered", "batch", "watched"}
    page = house.get("/account/notifications")
    assert 'value="p@acme.com"' in page
    event = house.journal.history.last_of_kind("notices_chosen", 0)
    assert event
    assert event.actor == "priya@acme.com"
    assert "p@acme.com" not in str(event.data)


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Mars"},
        {"address": "a@b\r\nBcc: c@d"},
        {"digest": "weekly"},
        {"quiet_to": ""},
        {"quiet_from": "9"},
    ],
)
def test_what_is_wrong_is_said_and_what_was_filled_in_stays(house: House, wrong: dict[str, str]) -> None:
    answer = house.post("/account/notifications", {**OWN, **wrong})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="22:00"' in answer.text or "quiet_from" in wrong
    assert preferences_of(house.journal.database, "priya@acme.com").digest == "none"


def test_what_has_a_page_is_watched_from_there_and_stopped_there_and_in_the_list(house: House) -> None:
    for at, watch in (("/actions/subscription.cancel", Watch("action", "subscription.cancel")),
                      ("/subjects/account/42", Watch("subject", "account:42")),
                      ("/actions?namespace=subscription", Watch("namespace", "subscription")),
                      ("/actions?tag=billing", Watch("tag", "billing"))):  # fmt: skip
        watches = Watches(house.journal)
        answer = house.post("/watch", form_at=at)
        assert (answer.status_code, answer.headers["location"]) == (303, at)
        assert watches.has("priya@acme.com", watch)
        assert "Stop watching" in house.get(at)
        assert house.post("/watch", form_at=at).status_code == 303
        assert not watches.has("priya@acme.com", watch)
        house.post("/watch", form_at=at)
        assert house.post("/watch", form_at="/account/notifications").headers["location"] == "/account/notifications"
        assert not watches.has("priya@acme.com", watch)


def test_a_hidden_action_is_neither_watched_nor_said_to_be_there(house: House) -> None:
    for key in ("ledger.close", "no.such"):
        sent = {"kind": "action", "key": key, "stop": ""}
        answer = house.post("/watch", sent, form_at="/actions/subscription.cancel")
        assert answer.status_code == 400
        assert f"There is no action “{key}”." in answer.text
    assert Watches(house.journal).of("priya@acme.com") == []


def test_webhooks_are_set_up_changed_and_removed_by_those_who_administer_alone(house: House) -> None:
    for path in ("/settings/notifications", "/settings/webhook?webhook=1"):
        assert house.client.get(path).status_code == 403
    house.as_person("sam@acme.com")
    sent = {"name": "Chat", "url": "https://hooks.acme.com/T0/path", "kind-run.failed": "on", "role": "lead"}
    page = house.post("/settings/notifications", sent)
    assert page.status_code == 200
    [made] = Webhooks(house.journal).all()
    assert made.secret in page.text
    assert page.headers["cache-control"] == "no-store"
    assert (made.kinds, made.roles) == (("run.failed",), ("lead",))
    later = house.get("/settings/notifications") + house.get("/settings/webhook?webhook=1") + house.get("/")
    assert made.secret not in later
    assert "Sam added the webhook Chat (hooks.acme.com)" in later
    changed = {"name": "Room", "url": made.url, "kind-run.asked": "on"}
    assert house.post("/settings/webhook", changed, form_at="/settings/webhook?webhook=1").status_code == 200
    [after] = Webhooks(house.journal).all()
    assert (after.name, after.kinds, after.state, after.secret) == ("Room", ("run.asked",), "off", made.secret)
    before = Webhooks(house.journal).one(1).secret
    page = house.post("/settings/webhook/secret", form_at="/settings/webhook?webhook=1").text
    now = Webhooks(house.journal).one(1).secret.split()
    assert now[1] == before
    assert now[0] in page
    assert before not in page
    assert now[0] not in house.get("/settings/webhook?webhook=1") + house.get("/")
    assert house.post("/settings/webhook/remove", form_at="/settings/webhook?webhook=1").status_code == 303
    assert Webhooks(house.journal).all() == []
    assert house.client.get("/settings/webhook?webhook=1").status_code == 404


def test_whoever_does_not_administer_any_more_changes_no_webhook(house: House) -> None:
    with pytest.raises(Exception, match="Only somebody who administers"):
        Webhooks(house.journal).add("x", "https://a.example/", ["run.failed"], Person("priya@acme.com", "Priya"), 1)


@pytest.mark.parametrize("url", ["http://user:pw@acme.com/", "ftp://acme.com/", "https://acme.com/ x", ""])
def test_a_webhook_that_cannot_be_one_is_told_and_its_form_stays_filled_in(house: House, url: str) -> None:
    house.as_person("sam@acme.com")
    answer = house.post("/settings/notifications", {"name": "My chat", "url": url, "kind-run.failed": "on"})
    assert answer.status_code == 422
    assert "My chat" in answer.text
    assert Webhooks(house.journal).all() == []


def test_what_could_not_be_delivered_is_shown_with_why_and_tried_again(house: House) -> None:
    with Hooks() as hooks, Mailbox() as mailbox:
        settings = Settings(webhooks_to="127.0.0.1", **mailbox.settings)
        made = Deliverer(house.desk, house.journal, settings)
        made.follow()
        Webhooks(house.journal).add("Chat", hooks.url, ["run.asked"], "root", 1)
        hooks.says = answered(500)
        mailbox.says = lambda line: "550 no <such> user" if line.startswith("RCPT") else None
        house.desk.ask("subscription.cancel", {"account": 42}, by="noor@acme.com", reason="customer asked")
        now = house.desk.clock()
        made.follow()
        house.desk.clock = made.notify.clock = lambda: now + 70_000_000
        made.follow()
        made.deliver_to_webhook()
        made.deliver_mail()
        assert "550 no &lt;such&gt; user" in house.get("/account/notifications")
        house.as_person("sam@acme.com")
        page = house.get("/settings/notifications")
        assert "It answered 500 Internal Server Error." in page
        assert "given up" in page
        mailbox.says = lambda _: None
        assert house.post("/settings/notifications/retry", form_at="/settings/notifications").status_code == 303
        made.deliver_mail()
        assert [each["To"] for each in mailbox.taken] == ["priya@acme.com"]
