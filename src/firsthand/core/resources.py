"""What the author's code needs and the desk opens and closes: a database session, a client.

Resources are opened once a run, where first needed, and closed in the reverse order before the outcome is recorded.
"""

from __future__ import annotations

import collections.abc
import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, get_args, get_origin

from firsthand.core.binding import Wiring, hints_of, name_of
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, DeskError, Refused
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


@dataclass(frozen=True, slots=True)
class Resource:
    """A function that gives something of ``type``; what it needs itself is in ``wiring``."""

    type: Any
    wiring: Wiring


def type_given(function: Callable[..., Any]) -> Any:
    """Return the type of what a resource gives, by its return annotation; raises ``DeskError`` without one."""
    given = hints_of(function).get("return")
    if get_origin(given) in GENERATORS:
        given = get_args(given)[0]
    if given in (None, type(None), Any):
        raise DeskError([f"The resource {name_of(function)} needs a return type, such as -> Iterator[Session]."])
    return given


class Opened:
    """The resources of one run: opened where first asked for, closed together, left through the run's exception."""

    def __init__(self, resources: Mapping[Any, Resource], run: Run[Any]) -> None:
        self.resources = resources
        self.run = run
        self.values: dict[Any, Any] = {}
        self.closers: list[Callable[[BaseException | None], None]] = []

    def get(self, given: Any) -> Any:
        """Return the resource of a type, opened now if it is not yet."""
        if given not in self.values:
            wiring = self.resources[given].wiring
            self.values[given] = self.enter(call(wiring.function, **self.arguments(wiring, {})))
        return self.values[given]

    def arguments(self, wiring: Wiring, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a wired function."""
        values: dict[str, Any] = {}
        for wire in wiring.wires:
            if wire.source == "input":
                values[wire.parameter] = inputs[wire.key]
            else:
                values[wire.parameter] = self.run if wire.source == "run" else self.get(wire.key)
        return values

    def call(self, wiring: Wiring, inputs: Mapping[str, Any], *own: Any) -> Any:
        """Call a wired function of the author's."""
        return call(wiring.function, *own, **self.arguments(wiring, inputs))

    def enter(self, opened: Any) -> Any:
        """Enter what a resource's function returned: a generator, a context manager or the thing itself."""
        if inspect.isgenerator(opened):
            self.closers.append(lambda error: finish(opened.throw if error else lambda _: next(opened, DONE), error))
            return call(next, opened)
        if inspect.isasyncgen(opened):
            self.closers.append(lambda error: finish(opened.athrow if error else lambda _: anext(opened, DONE), error))
            return call(anext, opened)
        for enter, leave in (("__enter__", "__exit__"), ("__aenter__", "__aexit__")):
            if hasattr(opened, enter) and hasattr(opened, leave):
                value = call(getattr(opened, enter))
                self.closers.append(lambda error: call(getattr(opened, leave), *explained(error)))
                return value
        return opened

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
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close(error.error if isinstance(error, AuthorError) else error)


def finish(leave: Callable[[Any], Any], error: BaseException | None) -> None:
    """Run a resource's function to its end; where the run stops with an error, it may raise that on."""
    try:
        left = call(leave, error)
    except AuthorError as raised:
        if raised.error is error or isinstance(raised.error, (StopIteration, StopAsyncIteration)):
            return
        raise
    except Refused as raised:
        if raised is error:
            return
        raise
    if error is None and left is not DONE:
        raise AuthorError(RuntimeError("a resource may yield once"))


def explained(error: BaseException | None) -> Iterable[Any]:
    """Return the three arguments of a context manager's exit."""
    return (type(error), error, error.__traceback__) if error else (None, None, None)
