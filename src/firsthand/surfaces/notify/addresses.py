"""Where a webhook may lead: a name is resolved once, every address is looked at, and that very one is connected to."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from firsthand.core.errors import FirsthandError, SettingsError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that stand for an IPv4 address: that is what counts."""


GLOBAL = IPv6Network("2000::/3")
"""All IPv6 addresses that hosts of the internet have: others stand for an IPv4 address, or are of a site's own."""

KEPT_FREE = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))
"""What no host of the internet has, and not every Python knows of."""


class Unreachable(FirsthandError):
    """A message cannot be handed over now; the words say why."""


class Forbidden(Unreachable):
    """An address that a webhook may not go to."""


def networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a setting, apart by spaces or commas; raises ``SettingsError``."""
    try:
        return tuple(ip_network(each, strict=False) for each in text.replace(",", " ").split())
    except ValueError as error:
        raise SettingsError(f"webhooks_to cannot be read: {error}.", "Write networks such as 10.1.0.0/16.") from error


def meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def is_listed(address: Address, allowed: Iterable[Network]) -> bool:
    """Say whether an address is in one of some networks."""
    return any(address.version == each.version and address in each for each in allowed)


def is_public(address: Address) -> bool:
    """Say whether an address is one of the public internet; what Python takes for global is more than that."""
    is_global = address.is_global and not address.is_multicast and not is_listed(address, KEPT_FREE)
    return is_global and (address.version == 4 or address in GLOBAL)


def resolved(host: str, port: int, allowed: Sequence[Network]) -> list[tuple[str, bool]]:
    """Return the addresses of a host, and of each whether it was allowed by the settings.

    Raises ``Unreachable`` where there are none, ``Forbidden`` where one of them is neither public nor allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} cannot be resolved: {error}.") from error
    addresses = dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found)
    checked = []
    for text in addresses:
        address = meant(ip_address(text))
        listed = is_listed(address, allowed)
        if not (listed or is_public(address)):
            raise Forbidden(f"{host} is at {text}, which is not on the public internet: webhooks do not go there.")
        checked.append((text, listed))
    return checked
