"""The accounts and things that actions are done to: how each kind is loaded, found and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from types import NoneType
from typing import Any

from firsthand.core import refusals
from firsthand.core.binding import Wiring, bare, hints_of, name_of, parameters_of, wire
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.resources import Opened, Resource
from firsthand.core.runs import Subject
from firsthand.core.text import recordable, several

Traits = str | Iterable[str] | Callable[..., Any]
"""What an author writes: names of attributes, or a function from the thing to names and values."""

LONGEST = 500
"""Characters that a label or a trait may have on record."""

RAW = (str, bytes, int, float, list, tuple, dict)
"""What a form, a terminal or an API can give; none of it is ever taken for a subject given loaded."""


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
    label: Wiring | None
    traits: tuple[str, ...] | Wiring

    def load(self, id: object, opened: Opened) -> Any:
        """Return the subject of an id; refuses where there is none."""
        loaded = opened.call(self.loader, {}, id)
        if loaded is None:
            raise refusals.unknown_subject(self.name.replace("_", " "), call(str, id))
        return loaded

    def is_loaded(self, value: object) -> bool:
        """Say whether a value is a subject given loaded, as Python code may."""
        return self.type in type(value).__mro__ and not isinstance(value, RAW)

    def id_of(self, loaded: object) -> str:
        """Return the id of one given loaded: its attribute of the loader's parameter's name, or ``id``."""
        for name in (self.id_name, "id", "pk"):
            if call(hasattr, loaded, name):
                return str(call(str, call(getattr, loaded, name)))
        return "?"

    def given_id(self, value: object) -> str:
        """Return the id of a subject given by its id or loaded."""
        return self.id_of(value) if self.is_loaded(value) else str(call(str, value))

    def describe(self, id: str, loaded: Any, opened: Opened) -> Subject:
        """Return what a run records of a subject: its label and traits as they are now."""
        label = told(tried(opened.call, self.label, {}, loaded)) if self.label else ""
        return Subject(self.name, recordable(id, 200) or "", label, self.traits_of(loaded, opened))

    def traits_of(self, loaded: Any, opened: Opened) -> dict[str, str]:
        """Return the subject's traits as texts; those that are None are left out."""
        if isinstance(self.traits, Wiring):
            found = tried(opened.call, self.traits, {}, loaded)
            traits = found if isinstance(found, Mapping) else {name_of(self.traits.function): found}
        else:
            traits = {name: tried(getattr, loaded, name) for name in self.traits}
        return {told(name): told(value) for name, value in traits.items() if value is not None}

    def find(self, text: str, opened: Opened, most: int = 50) -> Sequence[Subject]:
        """Return the subjects that the author's search finds for a text, so many at most."""
        if (search := self.search) is None:
            return ()
        found = call(lambda: list(islice(opened.call(search, {}, text), most)))
        return [self.describe(self.id_of(each), each, opened) for each in found]


def told(value: object) -> str:
    """Return a label or a trait as it is recorded."""
    return "" if value is None else recordable(tried(str, value), LONGEST) or ""


def tried(function: Callable[..., Any], /, *args: Any) -> Any:
    """Return what an author's code tells of a subject.

    An error there is no reason not to help somebody, so it does not stop the run: it shows, as ``<AttributeError>``.
    """
    try:
        return call(function, *args)
    except Refused:
        return "<Refused>"
    except AuthorError as error:
        if isinstance(error.error, Exception):
            return f"<{error.message}>"
        raise


Registered = Iterable[tuple[Callable[..., Any], Mapping[str, Any]]]


def kinds_of(registered: Registered, resources: Mapping[Any, Resource], problems: list[str]) -> dict[str, Kind]:
    """Return the kinds of subject by name, of loaders and what was said of them, noting what is wrong."""
    kinds: dict[str, Kind] = {}
    for loader, said in registered:
        name = name_of(loader)
        if name in kinds:
            problems.append(f"the subject {name}: there are two of that name.")
        try:
            kinds[name] = kind = kind_of(loader, resources, **said)
        except TypeError as error:
            problems.append(f"the subject {name}: {error}.")
            continue
        wirings = (kind.loader, kind.search, kind.label, kind.traits)
        missing = [each for wiring in wirings if isinstance(wiring, Wiring) for each in wiring.missing]
        if missing:
            problems.append(f"the subject {name}: nothing gives {', '.join(dict.fromkeys(missing))}.")
    return kinds


def kind_of(
    loader: Callable[..., Any],
    resources: Mapping[Any, Resource],
    search: Callable[..., Any] | None,
    label: Callable[..., Any] | None,
    traits: Traits,
) -> Kind:
    """Return the kind of subject of a loader; raises ``TypeError`` where its id or its type is not clear."""
    parameters = parameters_of(loader)
    given = bare(hints_of(loader).get("return"))
    if not parameters or parameters[0].bare in resources:
        raise TypeError("its first parameter must be the id")
    if given in (None, NoneType, Any):
        raise TypeError("it needs a return type, such as -> Account | None")
    if given in RAW:
        raise TypeError(f"it must return a type of its own, not a plain {given.__name__}")
    wired = partial(wire, inputs=(), resources=resources, own=1)
    return Kind(
        name_of(loader), given, parameters[0].name, parameters[0].annotation, wired(loader),
        wired(search) if search else None, wired(label) if label else None,
        wired(traits) if callable(traits) else several(traits),
    )  # fmt: skip
