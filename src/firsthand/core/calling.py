"""Calling the author's code: the one place that does, and the only broad ``except`` of the package."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from firsthand.core.errors import AuthorError, Refused

host_loop: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("host_loop", default=None)
"""The event loop that async functions of a request run on, where a host lent its own; else the process's is used."""


def call(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call an author's function, sync or async, and return what it returns.

    Raises ``Refused`` where it refuses and ``AuthorError`` for anything else that it raises, ``SystemExit`` and
    ``KeyboardInterrupt`` too.
    """
    returned = _drive(_attempt(function, args, kwargs, wait=False))
    if not hasattr(type(returned), "__await__"):
        return returned
    return _drive(_attempt(_wait_for, (returned, host_loop.get() or authors_loop()), {}, wait=False))


def _wait_for(awaitable: Awaitable[Any], loop: asyncio.AbstractEventLoop) -> Any:
    """Return what an awaitable gives on a loop of another thread."""
    if asyncio._get_running_loop() is loop:
        if inspect.iscoroutine(awaitable):
            awaitable.close()
        raise RuntimeError("desk.run would wait for the event loop that it was called on; use await desk.arun")
    future = asyncio.run_coroutine_threadsafe(_attempt(lambda: awaitable, (), {}, wait=True), loop)
    try:
        return future.result()
    finally:
        future.cancel()


async def _attempt(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], *, wait: bool) -> Any:
    try:
        returned = function(*args, **kwargs)
        return await returned if wait else returned
    except (Refused, AuthorError):
        raise
    except BaseException as error:  # the author's code may raise anything, and no run may be lost by it
        raise AuthorError(error) from error


def _drive(attempt: Coroutine[Any, Any, Any]) -> Any:
    """Run an attempt that waits for nothing, without a loop."""
    try:
        attempt.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("an attempt without wait has waited")


_lent: list[asyncio.AbstractEventLoop] = []
"""The loops of hosts that run in this process, the newest last."""


@contextmanager
def lent(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have authors' async functions run on a host's loop meanwhile, whichever thread calls them.

    A pool of connections belongs to the loop that it was first used on, so a worker beside a host must use the host's.
    """
    _lent.append(loop)
    try:
        yield
    finally:
        _lent.remove(loop)


def authors_loop() -> asyncio.AbstractEventLoop:
    """Return the process's loop for authors' async functions: that of a host, else one of its own."""
    return _lent[-1] if _lent else kept_loop()


_kept: tuple[int, asyncio.AbstractEventLoop] | None = None
_keeping = threading.Lock()


def kept_loop() -> asyncio.AbstractEventLoop:
    """Return this process's one loop for authors' async functions, on a thread of its own.

    One loop for all, since a lock or a pool of the author's belongs to the loop that it was first used on.
    """
    global _kept  # noqa: PLW0603
    with _keeping:
        if _kept is None or _kept[0] != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="firsthand-loop", daemon=True).start()
            _kept = (os.getpid(), loop)
        return _kept[1]
