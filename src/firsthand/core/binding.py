"""What a function takes: by name the action's inputs, by type a resource or the Run.

One rule for everything an author hands over; this module works it out at start, so that a run only has to follow.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from firsthand.core.runs import Run

Source = Literal["input", "resource", "run"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an author's function: its type with any ``Annotated``, its default (``REQUIRED`` if none)."""

    name: str
    annotation: Any
    default: Any
    nameless: bool = False

    @property
    def bare(self) -> Any:
        """The type without ``Annotated`` and without ``| None``."""
        return bare(self.annotation)

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is REQUIRED


REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Wire:
    """Where one parameter's value comes from."""

    parameter: str
    source: Source
    key: Any


@dataclass(frozen=True, slots=True)
class Wiring:
    """A function with where its parameters come from; ``missing`` are those that come from nowhere."""

    function: Callable[..., Any]
    wires: tuple[Wire, ...]
    missing: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs that the function takes."""
        return tuple(wire.key for wire in self.wires if wire.source == "input")

    @property
    def resources(self) -> tuple[Any, ...]:
        """The types of the resources that it takes."""
        return tuple(wire.key for wire in self.wires if wire.source == "resource")


def bare(annotation: Any) -> Any:
    """Return a type without ``Annotated`` and, where one type remains, without ``| None``."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        rest = [each for each in get_args(annotation) if each is not NoneType]
        if len(rest) == 1:
            return bare(rest[0])
    return annotation


def metadata(annotation: Any) -> tuple[Any, ...]:
    """Return what ``Annotated`` adds to a type, or to the one type that remains without ``| None``."""
    if get_origin(annotation) is Annotated:
        return (*metadata(get_args(annotation)[0]), *get_args(annotation)[1:])
    rest = [each for each in get_args(annotation) if each is not NoneType]
    if get_origin(annotation) in (Union, UnionType) and len(rest) == 1:
        return metadata(rest[0])
    return ()


def may_be_none(annotation: Any) -> bool:
    """Say whether a type has ``| None``."""
    if get_origin(annotation) is Annotated:
        return may_be_none(get_args(annotation)[0])
    return get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation)


def within(annotation: Any) -> Iterator[Any]:
    """Yield the types inside of a type."""
    for each in get_args(annotation):
        yield each
        yield from within(each)


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return a function's type hints; raises ``TypeError`` for one that cannot be resolved."""
    plain = function.func if isinstance(function, partial) else function
    if not inspect.isroutine(plain):
        plain = type(plain).__call__
    try:
        return get_type_hints(inspect.unwrap(plain), include_extras=True)
    except (NameError, AttributeError, SyntaxError) as error:
        raise TypeError(f"a type hint of {name_of(function)} cannot be resolved: {error}") from error


def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return a function's parameters, their hints resolved; ``*args`` and ``**kwargs`` are left out.

    A builtin that does not tell its parameters has none.
    """
    hints = hints_of(function)
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return ()
    return tuple(
        Parameter(each.name, hints.get(each.name, Any), each.default, each.kind is inspect.Parameter.POSITIONAL_ONLY)
        for each in parameters
        if each.kind not in kinds
    )


def is_run(annotation: Any) -> bool:
    """Say whether a type is ``Run`` or ``Run[...]``."""
    annotation = bare(annotation)
    return annotation is Run or get_origin(annotation) is Run


def wire(
    function: Callable[..., Any],
    inputs: Collection[str],
    resources: Collection[Any],
    bind: Mapping[str, str] | None = None,
    *,
    own: int = 0,
) -> Wiring:
    """Work out where a function's parameters come from.

    ``bind`` maps a parameter to the input that it takes instead of its namesake; the first ``own`` parameters are
    given by whoever calls (a loader's id, a search's text). Raises ``TypeError`` for what cannot be given by name.
    """
    wires: list[Wire] = []
    missing: list[str] = []
    for parameter in parameters_of(function)[own:]:
        if parameter.nameless:
            raise TypeError(f"{name_of(function)} takes {parameter.name} by position only; leave out the /")
        key = (bind or {}).get(parameter.name, parameter.name)
        if key in inputs:
            wires.append(Wire(parameter.name, "input", key))
        elif is_run(parameter.annotation):
            wires.append(Wire(parameter.name, "run", None))
        elif is_resource(parameter.bare, resources):
            wires.append(Wire(parameter.name, "resource", parameter.bare))
        elif parameter.required:
            missing.append(parameter.name)
    return Wiring(function, tuple(wires), tuple(missing))


def is_resource(annotation: Any, resources: Collection[Any]) -> bool:
    """Say whether a type is one that a resource gives."""
    return any(annotation is each or annotation == each for each in resources)


def statement_of(function: Callable[..., Any]) -> str:
    """Return what a check says: its docstring's first paragraph, else its name in words."""
    text = inspect.getdoc(function) if inspect.isroutine(function) else None
    return " ".join((text or "").split("\n\n")[0].split()) or name_of(function).replace("_", " ").strip() + "."


def name_of(function: Callable[..., Any]) -> str:
    """Return a function's name."""
    if isinstance(function, partial):
        return name_of(function.func)
    return getattr(function, "__name__", type(function).__name__)
