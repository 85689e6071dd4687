"""A server that says how long each answer took inside the application: python timing.py console | django.

Both under uvicorn as `firsthand serve` sets it up, in one process. The time goes from the request's head to the last
byte of the answer, and stands in its Server-Timing header, beside the CPU time of the process meanwhile.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn

from firsthand.serving import listen


class Timed:
    """An application whose answers say how long they took; each is held back until it is whole."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, cpu, held = time.perf_counter(), time.process_time(), []

        async def sent(message: Any) -> None:
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                took, used = time.perf_counter() - start, time.process_time() - cpu
                timing = f"app;dur={took * 1000:.3f}, cpu;dur={used * 1000:.3f}".encode()
                held[0]["headers"] = [*held[0]["headers"], (b"server-timing", timing)]
                for each in held:
                    await send(each)

        await self.app(scope, receive, sent)


def console() -> Any:
    """Return the console of the benchmark's desk."""
    from effects import desk

    from firsthand.asgi import console
    from firsthand.storage.journal import SqlJournal

    desk.use(SqlJournal(os.environ["FIRSTHAND_DATABASE"]))
    return console(desk)


def django() -> Any:
    """Return the peer."""
    sys.path.insert(0, str(Path(__file__).parent / "django_admin"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    from django.core.asgi import get_asgi_application

    return get_asgi_application()


if __name__ == "__main__":
    app = Timed({"console": console, "django": django}[sys.argv[1]]())
    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    lifespan = "on" if sys.argv[1] == "console" else "off"
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, lifespan=lifespan)
    uvicorn.Server(config).run(sockets=[listening])
