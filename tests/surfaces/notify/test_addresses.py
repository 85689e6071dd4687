"""Where webhooks may go: the public internet, and beside it only what the settings allow."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from firsthand.core.errors import SettingsError
from firsthand.storage.webhooks import Webhook
from firsthand.surfaces.notify.addresses import Forbidden, Unreachable, networks, resolved
from firsthand.surfaces.notify.webhook import post

from .servers import Hooks

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "2002:7f00:1::", "2002:a00:1::", "2001:db8::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1",
    "fec0::1", "5f00::1", "3fff::1", "192.0.0.8", "192.88.99.1",
]  # fmt: skip


def naming(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names mean these addresses, one answer after the other; return the names that were asked for."""
    asked: list[str] = []

    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        if host[0].isdigit():
            return real(host, port, *more, **named)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_means_a_private_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    naming(monkeypatch, [address])
    with pytest.raises(Forbidden, match="not on the public internet"):
        resolved("hooks.example.com", 443, ())


@pytest.mark.parametrize("address", ["127.0.0.1", "2130706433", "0x7f.1", "0", "localhost", "127.1", "::1"])
def test_however_this_machine_is_spelt_it_is_refused(address: str) -> None:
    with pytest.raises(Unreachable):
        resolved(address, 80, ())


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_public_addresses_are_not(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    naming(monkeypatch, [address])
    assert resolved("hooks.example.com", 443, ()) == [(address, False)]


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    naming(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(Forbidden):
        resolved("hooks.example.com", 443, ())


def test_what_the_settings_allow_is_allowed_and_nothing_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = networks("10.1.0.0/16, 127.0.0.1 fd00::/8")
    naming(monkeypatch, ["10.1.2.3"], ["::ffff:10.1.2.3"], ["fd00::1"], ["10.2.0.1"])
    for _ in range(3):
        assert resolved("hooks.acme.internal", 443, allowed)[0][1]
    with pytest.raises(Forbidden):
        resolved("hooks.acme.internal", 443, allowed)
    with pytest.raises(SettingsError, match="webhooks_to cannot be read"):
        networks("10.1.0.0/99")


def test_a_name_that_means_nothing_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(Unreachable, match="cannot be resolved"):
        resolved("hooks.example.com", 443, ())


def test_a_name_that_means_something_else_a_moment_later_is_asked_once_and_that_address_is_used(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[tuple[str, int]] = []
    connect = socket.create_connection

    def connecting(address: tuple[str, int], *more: Any, **named: Any) -> socket.socket:
        connected.append(address)
        return connect(address, *more, **named)

    monkeypatch.setattr(socket, "create_connection", connecting)
    asked = naming(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    webhook = Webhook(1, "Rebound", f"http://hooks.example.com:{hooks.port}/", "whsec_AAAA", ("run.asked",))
    post(webhook, "msg_1", {}, 1, networks("127.0.0.1"))
    assert asked.count("hooks.example.com") == 1
    assert connected == [("127.0.0.1", hooks.port)]
    assert hooks.calls[0][1]["host"] == f"hooks.example.com:{hooks.port}"


def test_without_encryption_only_what_the_settings_allow_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    naming(monkeypatch, ["93.184.215.14"])
    with pytest.raises(Forbidden, match="https"):
        post(Webhook(1, "Open", "http://hooks.example.com/", "whsec_AAAA", ()), "msg_1", {}, 1, ())
