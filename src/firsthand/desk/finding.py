"""Finding a desk by where the settings say that it is: ``module:name``."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from pathlib import Path

from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, SettingsError
from firsthand.desk.desk import Desk
from firsthand.settings import Settings


def find_modules(settings: Settings) -> None:
    """Have modules found in the folder of the settings, and in the one that the process runs in."""
    for folder in (str(Path.cwd()), str(settings.folder)):
        if folder not in sys.path:
            sys.path.insert(0, folder)


def import_desk(settings: Settings) -> Desk:
    """Import the desk of the settings.

    Raises ``SettingsError`` with the reason, and the traceback where the module raised; ``KeyboardInterrupt`` as it is.
    """
    module_name, _, name = settings.desk.partition(":")
    find_modules(settings)
    try:
        module = call(import_module, module_name)
    except AuthorError as error:
        if isinstance(error.error, KeyboardInterrupt):
            raise error.error from error
        lines = "".join(traceback.format_exception(error.error))
        raise SettingsError(f"The desk {settings.desk} cannot be imported:\n{lines}", "Mend that module.") from error
    desk = getattr(module, name or "desk", None)
    if not isinstance(desk, Desk):
        raise SettingsError(f"{settings.desk} is not a desk.", "Set module:name, where name = Desk(...).")
    return desk
