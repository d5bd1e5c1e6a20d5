"""A folder that one process works in: locked against a second one, and tidied of what a killed one left behind.

The lock is the kernel's (`flock`), so it goes with the process that held it, however it ended: a lock file that nobody
holds is stale, and is taken over. No clock is read; "since" is the time that the file system gave the lock file.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

LOCK = ".lock"
WORK = ".work"
"""Folder for temporary files inside the folder that is worked on; it goes at the end, or at the next start."""

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class InUseError(ValueError):
    """Another process is working in the folder; the message names it."""


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """Hold a folder, made where it does not exist, until the block ends; yields an empty folder for temporary files.

    Args:
        folder: it is removed again at the end where it was made here (or by a process that was killed) and nothing
            came to stand in it.

    Raises:
        InUseError: another process holds it.
        OSError: it cannot be made or written.
    """
    made = not folder.exists() or set(os.listdir(folder)) in ({LOCK}, {WORK}, {LOCK, WORK})
    folder.mkdir(parents=True, exist_ok=True)
    lock, work = folder / LOCK, folder / WORK
    handle = _acquire(lock)
    try:
        remove(work)
        work.mkdir()
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(handle)
        if made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def remove(folder: Path) -> None:
    """Remove a folder of ours with all that is in it, where it is there.

    Raises:
        OSError: it is a link or no folder (nothing is removed then), or it cannot be removed.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(errno.EEXIST, "stands where a build keeps a folder of its own; move it away", str(folder))
    if folder.exists():
        shutil.rmtree(folder)


def _acquire(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    while True:
        handle = os.open(path, flags, 0o666)
        try:
            if not _lock(handle):
                raise InUseError(f"{path.parent}: {_holder(handle)}")
            # Its holder removes the file when it is done: what was locked must still be the file of that name.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), os.stat(path)):
                    os.ftruncate(handle, 0)
                    os.write(handle, f"{os.getpid()} {socket.gethostname()}\n".encode())
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _holder(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    pid, _, host = os.read(handle, 200).decode("ascii", "replace").strip().partition(" ")
    since = dt.datetime.fromtimestamp(os.fstat(handle).st_mtime, dt.UTC)
    who = f"process {pid}" if pid.isdigit() else "another process"
    where = f" on {host}" if host.isprintable() and host != socket.gethostname() else ""
    return f"in use by {who}{where} since {since:%Y-%m-%d %H:%M:%S} UTC"


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond the text, which others read
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:  # some network file systems have no locks
            if error.errno not in _NO_LOCKS:
                raise
        return True
