"""The disk is full: nothing is performed that cannot be recorded, and all goes on by itself once there is room."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .oracle import Scene
from .server import Server


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Mount a small file system in memory; skips where that may not be done."""
    folder = Path(tempfile.mkdtemp(prefix="firsthand-small-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("A small file system cannot be mounted here: that takes root, and a kernel that lets it.")
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(path: Path) -> None:
    """Fill a file system up."""
    with path.open("wb", buffering=0) as out:
        try:
            for size in (1 << 16, 1 << 12, 1):
                while out.write(b"\0" * size) == size:
                    pass
        except OSError:
            return


def performed_until_full(scene: Scene) -> int:
    """Perform until the journal cannot be written, and return how often that went well."""
    for number in range(5000):
        if scene.perform() is None:
            return number
    raise AssertionError("it was never full")


def test_sqlite_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(4) as disk:
        scene = Scene(tmp_path, f"sqlite:///{disk / 'journal.db'}")
        assert scene.perform()
        fill(disk / "filling")
        performed_until_full(scene)
        effects = len(scene.effects())
        assert scene.perform() is None
        assert len(scene.effects()) == effects
        assert any("full" in said for said in scene.unavailable)
        (disk / "filling").unlink()
        assert scene.perform()
        scene.settled()
        assert list(scene.wrong(scene.journal)) == []
        scene.journal.close()


def test_postgresql_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(90) as disk:
        server = Server(disk)
        try:
            scene = Scene(tmp_path, server.url(server.fresh()))
            assert scene.perform()
            fill(disk / "filling")
            performed_until_full(scene)
            assert scene.perform() is None
            assert any("is full" in said or "cannot be reached" in said for said in scene.unavailable)
            (disk / "filling").unlink()
            if not (server.data / "postmaster.pid").exists():
                server.start()
            scene.settled()
            assert scene.perform()
            assert list(scene.wrong(scene.journal)) == []
            scene.journal.close()
        finally:
            server.remove()
