"""``serve``: the console on this machine, under uvicorn. It stands above the surfaces, since it joins two of them."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import click
import uvicorn
from starlette.applications import Starlette

from firsthand.asgi import console
from firsthand.core.errors import FirsthandError
from firsthand.desk import Desk
from firsthand.settings import ENGINES, Settings
from firsthand.storage.accounts import Accounts
from firsthand.surfaces.notify.deliverer import Deliverer
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import import_desk
from firsthand.work.worker import Worker


@click.command()
@click.argument("desk", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0: any free.")
@click.option("--proxy", metavar="ADDRESS", help="Believe what the proxy at this address says of scheme and client.")
@click.option("--prefix", default="", metavar="PATH", help="The path under which a proxy shows it, such as /support.")
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    default=2,
    show_default=True,
    help="Runs that wait performed at once; 0: none here.",
)
@click.option("--engine", type=click.Choice(ENGINES), help="What wakes workers; that of the settings if not given.")
def serve_command(
    desk: str | None, host: str, port: int, proxy: str | None, prefix: str, workers: int, engine: str | None
) -> None:
    """Serve the console of DESK (module:name; that of the settings if not given) until stopped, and perform what waits.

    People are told by mail and webhooks, too, as the settings and their preferences say. Told to stop (SIGTERM or ^C)
    it ends what it has begun.
    """
    settings = Settings.load()
    loaded = import_desk(settings.of_desk(desk) if desk else settings)
    settings = loaded.opened_by or settings
    journal = loaded.open(settings, engine or "")
    loaded.start()
    if not journal.people.all():
        printing.say("Nobody is known yet: firsthand people add you@example.com --role ROLE", error=True)
    elif not Accounts(journal).with_password():
        printing.say("Nobody has a password yet: firsthand people invite ID prints a link to set one.", error=True)
    with Deliverer(loaded, journal, settings):
        serve(loaded, console(loaded, url=settings.url), host, port, proxy=proxy, prefix=prefix, workers=workers)


def serve(
    desk: Desk,
    app: Starlette,
    host: str,
    port: int,
    *,
    proxy: str | None = None,
    prefix: str = "",
    workers: int = 2,
) -> None:
    """Serve the console of a desk until stopped, with so many threads that perform what waits.

    Raises ``FirsthandError`` where the address cannot be had.
    """
    listening = listen(host, port)
    where = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}{prefix}"
    printing.say(f"{desk.name} ({desk.environment}) is at {where}")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, proxy_headers=proxy is not None,
        forwarded_allow_ips=proxy, root_path=prefix, timeout_graceful_shutdown=10, timeout_keep_alive=30,
    )  # fmt: skip
    with ending_in_peace(), Worker(desk, workers) if workers else nullcontext():
        uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def ending_in_peace() -> Iterator[None]:
    """Let what has been begun end after SIGTERM: uvicorn raises the signal again once it has stopped serving."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        message = f"{host} port {port} cannot be listened on: {error.strerror or error}."
        raise FirsthandError(message, "Stop what is there, or give another --port.") from error
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each answer waits 40 ms for an ACK
    return listening
