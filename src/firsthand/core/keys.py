"""Keys: what a person sends again under the same key is one thing, and anything else under it is refused.

What was sent is told by a digest of what the record keeps of it, so secrets take no part in it: two requests that
differ in nothing but a secret are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firsthand.core.actions import Action
from firsthand.core.attempts import TEXTS, Request
from firsthand.core.calling import call
from firsthand.core.digests import digest_of
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.inputs import Input, raw_as_json, size_of
from firsthand.core.journal import Journal
from firsthand.core.secrets import STARS, Mask, given, reveal
from firsthand.core.subjects import tried

JSON = (str, int, float, bool, type(None))


def digest_of_request(journal: Journal, request: Request, action: Action | None, *, asked: bool) -> str | None:
    """Return the digest of a request: its action by its present name, and all that was said of it; None without key."""
    if not request.once:
        return None
    texts = {name: plain(getattr(request, name)) for name in TEXTS}
    inputs = kept_of(action, request.inputs) if action else plain(sorted(map(str, request.inputs or ())))
    name = action.name if action else plain(request.action)
    waits = {"background": request.background, "due": request.span or request.due}
    return digest_of(journal.id, action=name, asked=asked, inputs=inputs, **texts, **waits)


def is_same(journal: Journal, request: Request, digest: str | None, action: bool) -> bool:
    """Say whether a request is the one that was sent before under its key; of an old key only its action is known."""
    before = journal.digest_of(request.by, "recorded", request.once or "")
    return action if before is None else before == digest


def plain(value: object) -> object:
    """Return a text, or whatever stands in its place, as JSON can carry it."""
    return value if type(value) in JSON or isinstance(value, list) else tried(str, value)


def kept_of(action: Action, raw: Any) -> object:
    """Return what is kept of raw inputs, without secrets; of what is no input, or too much, nothing but that."""
    if not isinstance(raw, Mapping):
        return f"<{type(raw).__name__}>"
    mask = Mask()
    try:
        size_of(raw)
        known = {name: action.inputs[name] for name in raw if name in action.inputs}
        kept = {name: kept_input(each, raw[name], mask) for name, each in known.items()}
    except Refused as refusal:
        return refusal.code
    return {name: mask.tree(value, known[name].names) for name, value in kept.items()}


def kept_input(each: Input, raw: object, mask: Mask) -> object:
    """Return an input as it was given where that is JSON, a subject by its id, and any other as the record has it."""
    try:
        if each.kind and raw is not None:
            return each.kind.given_id(raw)
        if is_json(raw) and not each.secret:
            return raw
        value = each.parse(raw)
        if each.secret:
            call(mask.add, reveal(value))
        return each.masked(value)
    except (AuthorError, Refused):
        if not each.secret:
            return raw_as_json(raw)
        call(mask.add, given(each.annotation, raw))
        return STARS


def is_json(raw: object) -> bool:
    """Say whether a raw value is JSON all through."""
    if isinstance(raw, (list, tuple)):
        return all(map(is_json, raw))
    if isinstance(raw, Mapping):
        return all(isinstance(key, str) and is_json(part) for key, part in raw.items())
    return type(raw) in JSON
