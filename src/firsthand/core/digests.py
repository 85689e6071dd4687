"""Digests of what is sent under a key, and what is said once: a comment, a hand-over note.

Commenting needs this module, so it imports neither pydantic nor what calls authors' code.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from firsthand.core import refusals

if TYPE_CHECKING:
    from firsthand.core.journal import Journal


def digest_of(journal: str, **said: object) -> str:
    """Return the digest of what was sent, in hexadecimal digits; ``journal`` is the journal's own random id."""
    text = json.dumps(said, sort_keys=True, default=lambda each: f"<{type(each).__name__}>")
    return hmac.new(journal.encode(), text.encode(), hashlib.sha256).hexdigest()


def say_once(
    journal: Journal, kind: str, words: str, *, actor: str, at: int, run: int | None, once: str | None
) -> bool:
    """Append words as an event; False where they were sent before, under the same key. Other words are refused."""
    digest = digest_of(journal.id, run=run, words=words) if once else None
    if journal.append(kind, actor=actor, at=at, run=run, data={"text": words}, once=once, digest=digest):
        return True
    if once and journal.digest_of(actor, kind, once) not in (None, digest):
        raise refusals.key_used(None)
    return False
