"""A process that has imported what all of the project's processes need, and forks each of them: it takes a third.

It reads a line of JSON for each: folder, environment, ``argv`` of ``manage.py`` or ``code``, and where output goes.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
import warnings
from typing import Any

NEEDED = (
    "django.contrib.admin", "django.contrib.auth.hashers", "django.core.management", "django.db.models",
    "django.db.backends.postgresql.base", "django.db.backends.sqlite3.base", "django.test", "django.forms",
    "firsthand.asgi", "firsthand.storage.journal", "firsthand.storage.postgresql", "firsthand.surfaces.console.app",
    "firsthand.surfaces.terminal.main", "firsthand.surfaces.terminal.running", "firsthand.surfaces.terminal.reading",
)  # fmt: skip


def performed(given: dict[str, Any]) -> int:
    """Do what is asked for in this process, and return its exit code."""
    os.chdir(given["folder"])
    os.environ.clear()
    os.environ.update(given["environment"])
    out = os.open(given["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.path.insert(0, "")
    importlib.invalidate_caches()
    try:
        if "argv" in given:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
            from django.core.management import execute_from_command_line

            sys.argv = ["manage.py", *given["argv"]]
            execute_from_command_line(sys.argv)
        else:
            warnings.simplefilter("error", ResourceWarning)
            exec(compile(given["code"], "<test>", "exec"), {"__name__": "__main__"})
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else 1 if exit.code else 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Fork a process for each line, and say how it ended."""
    for name in NEEDED:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = performed(json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
