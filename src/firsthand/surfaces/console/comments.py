"""Comments on a run: what is said about it afterwards."""

from __future__ import annotations

from hashlib import sha256

from starlette.responses import Response

from firsthand.core.comments import comment
from firsthand.surfaces.console.runs import run_of
from firsthand.surfaces.console.visit import Visit


def write(visit: Visit) -> Response:
    """Say something about a run."""
    run, words = run_of(visit), visit.said("words")
    comment(visit.journal, run.id, visit.person, words, visit.desk.clock(), key_of(visit.said("once"), words))
    return visit.redirect(f"/runs/{run.id}")


def key_of(once: str, words: str) -> str | None:
    """Return the key under which words are said once: sent again they are one comment, other words are another."""
    return f"{once}.{sha256(words.encode('utf-8')).hexdigest()[:16]}" if once else None


PAGES = (("POST", "/runs/{id}/comments", write),)
