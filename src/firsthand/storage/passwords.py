"""Passwords: what one must be, and its argon2id hash, which is all that is kept of it."""

from __future__ import annotations

import threading
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError

SHORTEST, LONGEST = 10, 200
"""Characters that a password may have."""

COMMON = frozenset(
    """1234567890 0123456789 0987654321 9876543210 12345678910 123456789a 1q2w3e4r5t 1qaz2wsx3edc qwertyuiop
    qwerty12345 qwerty123456 qwertzuiop azertyuiop asdfghjkl1 password12 password123 password1234 password12345
    passw0rd123 passwort12 passwort123 passwort1234 motdepasse1 contraseña1 administrator admin12345 admin123456
    letmein123 letmein1234 welcome123 welcome1234 welcome2024 welcome2025 welcome2026 willkommen1 willkommen
    changeme123 changeme1234 iloveyou12 iloveyou123 sunshine123 football123 baseball123 princess123 superman123
    trustno1trustno1 supersecret topsecret123 secret1234 abcdefghij abcdefghijk abc1234567 correcthorsebatterystaple
    firsthand1 firsthand123""".split()  # noqa: SIM905
)
"""Passwords that everybody tries first, of those that are long enough."""

AT_ONCE = threading.BoundedSemaphore(2)
"""How many hashes are made at once: each takes 64 MiB and a core for about 50 ms."""

WAIT = 10.0


class TooBusy(FirsthandError):
    """More people sign in than there is room for."""


def problem_of(password: str, person: Person) -> str:
    """Return what is wrong with a new password, in words; empty where nothing is."""
    password = normal(password)
    if len(password) < SHORTEST:
        return f"A password has at least {SHORTEST} characters. Several words in a row are easy to keep in mind."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    plain = password.casefold()
    if plain in COMMON or len(set(plain)) < 3:
        return "Everybody tries that password first. Take another."
    own = {normal(each).casefold() for each in (person.id, person.name, person.id.partition("@")[0])}
    if plain in own or plain in {each.replace(" ", "") for each in own}:
        return "Your id or your name cannot be your password. Take another."
    return ""


def normal(password: str) -> str:
    """Return a password in one spelling, however a keyboard makes its letters."""
    return unicodedata.normalize("NFKC", password)


class Passwords:
    """Makes and verifies hashes, a few at once."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self.hasher = hasher or PasswordHasher()

    @cached_property
    def nobodys(self) -> str:
        """The hash that is verified where there is none, so that the answer takes as long."""
        return self.hasher.hash("nobody's")

    def hash(self, password: str) -> str:
        """Return the hash of a password."""
        with Slot():
            return self.hasher.hash(normal(password))

    def fits(self, password: str, hash: str | None) -> bool:
        """Say whether a hash is of this password; for nobody's the same work is done, in vain."""
        nobodys = self.nobodys
        if len(password) > 5 * LONGEST:
            password = ""
        with Slot():
            try:
                self.hasher.verify(hash or nobodys, normal(password))
            except VerifyMismatchError:
                return False
        return hash is not None

    def outdated(self, hash: str) -> bool:
        """Say whether a hash was made with other parameters than hashes are made with now."""
        return self.hasher.check_needs_rehash(hash)


class Slot:
    """One of the few places to make a hash in."""

    def __enter__(self) -> None:
        if not AT_ONCE.acquire(timeout=WAIT):
            raise TooBusy("Too many people sign in at once.", "Try again in a moment.")

    def __exit__(self, *_: object) -> None:
        AT_ONCE.release()
