"""What somebody means by what they paste: the ids and addresses in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

MOST = 5
"""How much is looked for at once."""

PAGE = re.compile(r"https?://[^\s<>]*?/(?:runs/(\d{1,18})\b|subjects/([^/\s<>?#]+)/([^\s<>?#]+))")
"""A run's page or a subject's, in whatever console."""

PLAIN = re.compile(r"[^\s<>,;:]+")
MAIL = re.compile(r"[^\s<>()\[\],;:\"'/?&=]+@[^\s<>()\[\],;:\"'/?&=]*[^\s<>()\[\],;:\"'/?&=.]")


def asked_for(text: str, kinds: Iterable[str] = ()) -> list[str]:
    """Return what to look for, the surest first: ``run 12``, ``account:42``, an e-mail address; else the text itself.

    ``kinds`` are those of the subjects that there are: ``account 42`` is one of them with its id.
    """
    if PLAIN.fullmatch(text):
        return [text]
    found = [*pages_in(text)] or [*keys_in(text, kinds)] or MAIL.findall(text) or [text]
    return list(dict.fromkeys(found))[:MOST]


def pages_in(text: str) -> Iterator[str]:
    """Yield the runs and subjects whose pages' addresses stand in a text."""
    for run, kind, id in PAGE.findall(text):
        yield f"run {run}" if run else f"{unquote(kind)}:{unquote(id)}"


def keys_in(text: str, kinds: Iterable[str]) -> Iterator[str]:
    """Yield the keys of a subject whose kind a text begins with: with all the rest as its id, or its first word."""
    for kind in kinds:
        words = re.escape(kind).replace("_", "[ _]")
        if found := re.match(rf"{words}[\s:#]+(\S.*)", text, re.IGNORECASE | re.DOTALL):
            yield f"{kind}:{found[1]}"
            yield f"{kind}:{found[1].split()[0]}"
            yield text
