"""What the author's code needs and the desk opens and closes: a database session, a client.

Resources are opened once a run, where first needed, and closed in the reverse order before the outcome is recorded.
"""

from __future__ import annotations

import collections.abc
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, TypeVar, get_args, get_origin

from firsthand.core.binding import Wiring, hints_of, name_of, wire
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.runs import Run

DONE = object()
GENERATORS = (
    collections.abc.Iterator,
    collections.abc.Generator,
    collections.abc.Iterable,
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
    collections.abc.AsyncIterable,
    AbstractContextManager,
    AbstractAsyncContextManager,
)


Around = Callable[[], AbstractContextManager[object]]
"""What stands around all of the author's code in one run, search or look-up: the context of a host's application."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A function that gives something of ``type``; what it needs itself is in ``wiring``."""

    type: Any
    wiring: Wiring


def type_given(function: Callable[..., Any]) -> Any:
    """Return the type of what a resource gives, by its return annotation; raises ``TypeError`` without one."""
    given = hints_of(function).get("return")
    if get_origin(given) in GENERATORS:
        given = next(iter(get_args(given)), None)
    if given in (None, type(None), Any, *GENERATORS) or isinstance(given, TypeVar):
        raise TypeError("it needs a return type, such as -> Iterator[Session]")
    return given


def resources_of(functions: Iterable[Callable[..., Any]], problems: list[str]) -> dict[Any, Resource]:
    """Return resources by the types that they give, noting what is wrong with them."""
    types: dict[Any, Callable[..., Any]] = {}
    for function in functions:
        try:
            given = type_given(function)
        except TypeError as error:
            problems.append(f"the resource {name_of(function)}: {error}.")
            continue
        if given in types:
            problems.append(f"the resources {name_of(types[given])} and {name_of(function)} give the same type.")
        types[given] = function
    found: dict[Any, Resource] = {}
    for given, function in types.items():
        try:
            found[given] = Resource(given, wire(function, (), types))
        except TypeError as error:
            problems.append(f"the resource {name_of(function)}: {error}.")
    problems += [fault for given, each in found.items() for fault in faults_of(each, found, (given,))]
    return found


def faults_of(resource: Resource, found: Mapping[Any, Resource], path: tuple[Any, ...]) -> Iterator[str]:
    """Yield what is wrong with what a resource needs: nothing gives it, or, by however long a way, the resource."""
    name = name_of(resource.wiring.function)
    if resource.wiring.missing and len(path) == 1:
        yield f"the resource {name}: nothing gives {', '.join(resource.wiring.missing)}."
    for given in resource.wiring.resources:
        if given == path[0]:
            yield f"the resource {name_of(found[given].wiring.function)}: it needs itself, by way of {name}."
        elif given in found and given not in path:
            yield from faults_of(found[given], found, (*path, given))


class Opened:
    """The resources of one run: opened where first asked for, closed together, left through the run's exception.

    What is ``around`` them is entered first and left last.
    """

    def __init__(self, resources: Mapping[Any, Resource], run: Run[Any], around: Around = nullcontext) -> None:
        self.resources = resources
        self.run = run
        self.around = around
        self.values: dict[Any, Any] = {}
        self.closers: list[Callable[[BaseException | None], None]] = []

    def get(self, given: Any) -> Any:
        """Return the resource of a type, opened now if it is not yet."""
        if given not in self.values:
            wiring = self.resources[given].wiring
            value = self.values[given] = self.enter(call(wiring.function, **self.arguments(wiring, {})))
            if states := call(states_of, value):
                self.closers.append(partial(still, value, states))
        return self.values[given]

    def arguments(self, wiring: Wiring, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a wired function."""
        values: dict[str, Any] = {}
        for each in wiring.wires:
            if each.source == "input":
                values[each.parameter] = inputs[each.key]
            else:
                values[each.parameter] = self.run if each.source == "run" else self.get(each.key)
        return values

    def call(self, wiring: Wiring, inputs: Mapping[str, Any], *own: Any) -> Any:
        """Call a wired function of the author's."""
        return call(wiring.function, *own, **self.arguments(wiring, inputs))

    def enter(self, opened: Any) -> Any:
        """Enter what a resource's function returned: a generator, a context manager or the thing itself."""
        if inspect.isgenerator(opened):
            return self.begin(opened, next, opened.throw)
        if inspect.isasyncgen(opened):
            return self.begin(opened, anext, opened.athrow)
        for enter, exit in (("__enter__", "__exit__"), ("__aenter__", "__aexit__")):
            if hasattr(opened, enter) and hasattr(opened, exit):
                value = call(getattr(opened, enter))
                self.closers.append(partial(leave_manager, getattr(opened, exit)))
                return value
        return opened

    def begin(self, generator: Any, step: Callable[..., Any], throw: Callable[..., Any]) -> Any:
        """Return what a generator yields, and remember how it is ended."""
        value = call(step, generator, DONE)
        if value is DONE:
            raise AuthorError(RuntimeError("a resource's function ended without a yield"))

        def close(error: BaseException | None) -> None:
            if error is not None:
                leave(throw, error, error)
            elif call(step, generator, DONE) is not DONE:
                raise AuthorError(RuntimeError("a resource's function may yield once"))

        self.closers.append(close)
        return value

    def close(self, error: BaseException | None) -> None:
        """Close all, last opened first; ``error`` is what the run stops with. Raises ``AuthorError``."""
        failed: AuthorError | None = None
        while self.closers:
            try:
                self.closers.pop()(error)
            except AuthorError as raised:
                failed, error = raised, raised.error
            except Refused as raised:
                failed, error = AuthorError(raised), raised
        if failed:
            raise failed

    def __enter__(self) -> Opened:
        self.enter(call(self.around))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close(error.error if isinstance(error, AuthorError) else error)


@contextmanager
def only_looking(opened: Opened) -> Iterator[Opened]:
    """Give resources to look only: in the end they are left through an exception, so they roll back and commit nothing.

    Raises what is raised within, and ``AuthorError`` where closing them does.
    """
    looked = Refused("Only looked.")
    try:
        with opened:
            yield opened
            raise looked
    except Refused as refusal:
        if refusal is not looked:
            raise


def states_of(value: Any) -> set[str]:
    """Return what a connection, a session or a file tells of itself that a run relies on until its end.

    A connection of ``sqlite3`` that is closed does not tell whether it is in a transaction: it raises.
    """
    within = told(value, "in_transaction")
    open = isinstance(within, bool) or any(told(value, name) is False for name in ("closed", "is_closed"))
    return {"open", "in its transaction"} if within is True else {"open"} if open else set()


def told(value: Any, name: str) -> object:
    """Return what an attribute says, or a method without arguments."""
    said = getattr(value, name, None)
    return said() if callable(said) else said


def still(value: Any, states: set[str], error: BaseException | None) -> None:
    """Raise where a run that is about to succeed has closed a resource under our feet: what it did may be lost."""
    if error is not None:
        return
    try:
        lost = states - call(states_of, value)
    except AuthorError as raised:
        if not isinstance(raised.error, Exception):
            raise
        lost = states
    if lost:
        name = type(value).__name__
        raise AuthorError(RuntimeError(f"the {name} is no longer {' and '.join(sorted(lost))}: leave that to the desk"))


def leave(function: Callable[..., Any], error: BaseException | None, *args: Any) -> None:
    """Leave a resource; the error with which the run stops may come out again, and a generator may end on it."""
    try:
        call(function, *args)
    except AuthorError as raised:
        if raised.error is not error and not isinstance(raised.error, (StopIteration, StopAsyncIteration)):
            raise
    except Refused as raised:
        if raised is not error:
            raise


def leave_manager(exit: Callable[..., Any], error: BaseException | None) -> None:
    """Leave a context manager, through the error where the run stops with one."""
    leave(exit, error, *((type(error), error, error.__traceback__) if error else (None, None, None)))
