"""Slowing: whoever is turned away again and again gets each answer a little later, by their address."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

FREE = 20
"""Refusals in a row that cost nothing; each is forgotten within a second."""

STEP, LONGEST = 0.05, 2.0
"""Seconds for each refusal more, and at most."""

ADDRESSES, ASLEEP = 10_000, 1_000
"""How many addresses are kept in mind, and how many answers may wait at once."""


class Slowing:
    """How often each address was turned away lately, in bounded memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.asleep = 0

    def delay(self, address: str) -> float:
        """Count a refusal, and return the seconds that its answer waits."""
        now = self.clock()
        level, last = self.levels.pop(address, (0.0, now))
        level = max(0.0, level - (now - last)) + 1
        self.levels[address] = (level, now)
        if len(self.levels) > ADDRESSES:
            self.levels.popitem(last=False)
        return min(max(0.0, level - FREE) * STEP, LONGEST)

    async def wait(self, address: str) -> None:
        """Count a refusal, and wait as long as that asks for."""
        delay = self.delay(address)
        if delay and self.asleep < ASLEEP:
            self.asleep += 1
            try:
                await asyncio.sleep(delay)
            finally:
                self.asleep -= 1


def address_of(scope: Mapping[str, Any]) -> str:
    """Return where a request comes from: its peer's address, of IPv6 the network, since one person has all of it."""
    client = scope.get("client")
    if not client:
        return "local"
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return str(client[0])[:100]
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
