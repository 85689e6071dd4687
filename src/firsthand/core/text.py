"""Text as it may be recorded: always valid UTF-8, never longer than its limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LIMITS = {
    "notes": 10_000,
    "comment": 10_000,
    "reason": 200,
    "requested_by": 500,
    "ticket": 200,
    "action": 200,
    "key": 200,
}
"""Characters that each text of a run may have; the key is that under which a surface sends it."""

PLURALS = ("notes", "words", "inputs", "steps")
"""Texts that are spoken of in the plural."""


def is_utf8(text: str) -> bool:
    """Say whether the text can be written as UTF-8 (a terminal hands over other bytes as lone surrogates)."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def spelt(text: str) -> str:
    """Return the text as valid UTF-8, what is not spelt out."""
    return text if text.isascii() or is_utf8(text) else text.encode("utf-8", "backslashreplace").decode()


def recordable(text: str | None, limit: int) -> str | None:
    """Return the text as it can be recorded: what is not UTF-8 spelt out, what is over the limit cut off."""
    if text is None:
        return None
    text = spelt(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def titled(name: str) -> str:
    """Return a title made of an action's name: ``subscription.cancel`` gives ``Cancel subscription``.

    A verb that says what it is done to, such as ``account.change_email``, needs no namespace behind it.
    """
    *spaces, verb = name.split(".")
    words = verb.replace("_", " ").split()
    title = " ".join(words if len(words) > 1 else [*words, *(space.replace("_", " ") for space in reversed(spaces))])
    return title[:1].upper() + title[1:]


def listed(items: list[str] | tuple[str, ...], joint: str = "and") -> str:
    """Return ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joint} {items[-1]}"


def several(given: str | Iterable[str]) -> tuple[str, ...]:
    """Return one text or several, as an author may write them, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given)


def sentence(text: str) -> str:
    """Return the text with a capital at its start and a full stop at its end."""
    text = " ".join(text.split())
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")


def fault_of(name: str) -> str | None:
    """Return what is wrong with an action's name."""
    if not name or len(name) > LIMITS["action"] or not is_utf8(name):
        return f"a name has 1 to {LIMITS['action']} characters."
    if not name.isprintable() or name != name.strip() or name.startswith("-"):
        return "a name is made of letters, like subscription.cancel."
    return None


def roles_words(roles: Sequence[str]) -> str:
    """Return who may, where roles alone decide: ``Support and lead.``"""
    return sentence(listed(tuple(f"{role[:1].upper()}{role[1:]}" for role in roles)))
