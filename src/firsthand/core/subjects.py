"""The accounts and things that actions are done to: how each kind is loaded, found and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from firsthand.core import refusals
from firsthand.core.binding import Wiring
from firsthand.core.calling import call
from firsthand.core.resources import Opened
from firsthand.core.runs import Subject


@dataclass(frozen=True, slots=True)
class SubjectOf:
    """Marks a parameter as a subject of a kind, where two kinds have one type: ``desk.subject_of("payer")``."""

    kind: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of subject: its loader, the type that it gives, and how one is found, labelled and described."""

    name: str
    type: Any
    id_name: str
    id_annotation: Any
    loader: Wiring
    search: Wiring | None
    label: Callable[[Any], object] | None
    traits: tuple[str, ...] | Callable[[Any], dict[str, object]]

    def load(self, id: object, opened: Opened) -> Any:
        """Return the subject of an id; refuses where there is none."""
        loaded = opened.call(self.loader, {}, id)
        if loaded is None:
            raise refusals.unknown_subject(self.name.replace("_", " "), str(id))
        return loaded

    def is_loaded(self, value: object) -> bool:
        """Say whether a value is a subject given loaded, as Python code may."""
        return isinstance(self.type, type) and isinstance(value, self.type) and not isinstance(value, (str, int))

    def id_of(self, loaded: object) -> str:
        """Return the id of one given loaded: its attribute of the loader's parameter's name, or ``id``."""
        for name in (self.id_name, "id", "pk"):
            if hasattr(loaded, name):
                return str(getattr(loaded, name))
        return "?"

    def describe(self, id: object, loaded: Any) -> Subject:
        """Return what a run records of a subject: its label and traits as they are now."""
        label = call(self.label, loaded) if self.label else ""
        return Subject(self.name, str(id), str(label), self.traits_of(loaded))

    def traits_of(self, loaded: Any) -> dict[str, str]:
        """Return the subject's traits as texts."""
        if callable(self.traits):
            found = call(self.traits, loaded)
        else:
            found = {name: call(getattr, loaded, name) for name in self.traits}
        return {str(name): str(value) for name, value in found.items() if value is not None}

    def find(self, text: str, opened: Opened) -> Sequence[Subject]:
        """Return the subjects that the author's search finds for a text, 50 at most."""
        if self.search is None:
            return ()
        found: Iterable[Any] = opened.call(self.search, {}, text)
        return [self.describe(self.id_of(each), each) for each, _ in zip(found, range(50), strict=False)]
