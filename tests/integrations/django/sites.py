"""The project of these tests on disk, migrated, and code run inside of it: Django is set up once a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent / "project"

START = """
import json, os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
import django
django.setup()
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from firsthand.integrations.django import desk
from orders.models import Archived, Carrier, Order, Payment

def user(name, *groups, **said):
    made = User.objects.create_user(name, password="secret", **said)
    made.groups.set([Group.objects.get_or_create(name=each)[0] for each in groups])
    return made

def run(action, inputs=None, by="priya", **said):
    return desk.run(action, inputs, by=by, reason="customer asked", **said)

"""


@dataclass
class Site:
    """A project in a folder, on a database of its own."""

    folder: Path
    database: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What its processes find in their environment."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("FIRSTHAND_", "DJANGO_"))}
        return {**mine, "SHOP_DATABASE": self.database, "XDG_STATE_HOME": str(self.folder / "state")}

    def manage(self, *arguments: str, code: int = 0, **more: str) -> str:
        """Run ``manage.py`` and return all that it prints."""
        return self.done({"argv": arguments}, code, more)

    def inside(self, code: str, returned: int = 0) -> Any:
        """Run some code in the project, and return what it has put into ``told``."""
        whole = START + textwrap.dedent(code) + "\nprint('\\n' + json.dumps(told, default=str), flush=True)"
        printed = self.done({"code": whole}, returned, {})
        return None if returned else json.loads(printed.splitlines()[-1])

    def done(self, what: Mapping[str, object], code: int, more: Mapping[str, str]) -> str:
        """Have something done by a process in the project, and return what it prints."""
        output = self.folder.parent / "printed.txt"
        asked = {**what, "folder": str(self.folder), "environment": {**self.environment, **more}, "output": str(output)}
        process = warm(os.getpid())
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        ended = process.stdout.readline()
        printed = output.read_text()
        assert ended == f"{code}\n", printed
        return printed


@lru_cache
def warm(process: int) -> subprocess.Popen[str]:
    """Return this process's warm one; see ``warm.py``."""
    command = [sys.executable, str(Path(__file__).with_name("warm.py"))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def copied(folder: Path, database: str = "") -> Site:
    """Return the project, copied to a folder."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Site(folder, database)
