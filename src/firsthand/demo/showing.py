"""``demo``: the small business with its console, to try things on."""

from __future__ import annotations

import signal
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import click

from firsthand.demo.starting import JOURNAL, prepare
from firsthand.demo.year import SIGNING_IN
from firsthand.serving import serve
from firsthand.surfaces.console.app import application
from firsthand.surfaces.terminal import printing

SETTINGS = f'desk = "support:desk"\ndatabase = "sqlite:///{JOURNAL}"\n'
"""With these a terminal in the demo's folder has the same desk and journal."""

SUPPORT = '''"""The demo's desk, with what you add to it: actions written here are its own."""

from firsthand.demo.support import desk

__all__ = ["desk"]
'''


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0: any free.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Where to keep it, to come back to.")
def demo_command(port: int, folder: Path | None) -> None:
    """Show a small business with a year of history: its console, on this machine only, until stopped.

    Its people are signed in as with one click, so it is for trying things and never for more.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="firsthand-demo-") as passing:
        where = folder or Path(passing)
        printing.say(f"A year goes by at Acme Music, in {where} ...")
        desk = prepare(where)
        settle_in(where)
        printing.say(f"In another terminal: cd {where} && firsthand feed")
        serve(desk, application(desk, quick=SIGNING_IN), "127.0.0.1", port)


def settle_in(folder: Path) -> None:
    """Give the folder its settings and a module to add actions in, and take in those that were added before."""
    (folder / "firsthand.toml").write_text(SETTINGS, encoding="utf-8")
    support = folder / "support.py"
    if not support.exists():
        support.write_text(SUPPORT, encoding="utf-8")
    sys.path.insert(0, str(folder.resolve()))
    import_module("support")
