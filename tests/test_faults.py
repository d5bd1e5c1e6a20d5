"""Faults from outside: processes that are killed, full and failing disks, two builds at once, readers in between.

Bounded here; `make faults` (COVID_TIMELINE_FAULTS=1) takes every point and more rounds.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_publish import contents, put, tables

from covid_timeline.tables.manifest import MANIFEST, POINTER, PUBLISHED, Published, unfinished
from covid_timeline.tables.workspace import LOCK, InUseError, claimed

FULL = os.environ.get("COVID_TIMELINE_FAULTS") == "1"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes that it forks")

NAMES = (*PUBLISHED, MANIFEST)
CALLS = ("replace", "rename", "link", "symlink", "unlink", "mkdir", "rmdir", "fsync", "truncate", "ftruncate")
"""Every call by which a publication changes a folder; each time one is made is a point to be killed at."""

Seen = dict[str, str]


def child(work: Callable[[], object]) -> int:
    """Do something in a process of its own; its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of threads, which the child does not use
        pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        work()
        code = 0
    except InUseError:
        code = 75
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def outcome(pid: int) -> int:
    """Exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def counted(die_at: int) -> list[str]:
    """From now on, the process kills itself just before its `die_at`th call; the list grows with the calls made."""
    made: list[str] = []

    def counting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if len(made) == die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            made.append(name)
            return real(*args, **more)

        return call

    for name in CALLS:
        setattr(os, name, counting(name, getattr(os, name)))
    return made


def by_name(folder: Path) -> Seen:
    """What a tool sees that opens the files by their names."""
    return {name: digest for name, digest in contents(folder).items() if name in NAMES}


def by_loader(folder: Path) -> Seen:
    """What the loaders see."""
    import hashlib

    with Published(folder) as published:
        seen = {file: hashlib.file_digest(published.open(file), "sha256").hexdigest() for file in PUBLISHED}
    return seen


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two publications with different rows in every table that has some."""
    room = tmp_path_factory.mktemp("states")
    put(room / "old", tables("a"))
    put(room / "new", tables("a", "b"))
    return room / "old", room / "new"


def points(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The calls of one whole publication over an earlier one."""
    out = tmp_path_factory.mktemp("points") / "out"
    put(out, tables("a"))
    reading, writing = os.pipe()

    def work() -> None:
        made = counted(-1)
        put(out, tables("a", "b"))
        os.write(writing, " ".join(made).encode())

    assert outcome(child(work)) == 0
    os.close(writing)
    with os.fdopen(reading) as file:
        return file.read().split()


class TestKilled:
    def check(self, out: Path, states: tuple[Path, Path]) -> str:
        """What stands is wholly old or wholly new, whichever way it is opened, and the next publication tidies up."""
        old, new = by_name(states[0]), by_name(states[1])
        seen = by_name(out)
        assert seen in (old, new), "a mix by name"
        assert by_loader(out) == {name: seen[name] for name in PUBLISHED}, "the loaders see something else"
        if os.path.lexists(out / POINTER):
            assert "a build is running or was interrupted" in unfinished(out)
        put(out, tables("a", "b"))
        assert contents(out) == contents(states[1]) and not unfinished(out)
        assert not [path for path in out.rglob("*") if path.is_symlink() or path.name == LOCK]
        return "old" if seen == old else "new"

    def test_at_every_point(
        self, states: tuple[Path, Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        made = points(tmp_path_factory)
        assert {"replace", "rename", "link", "symlink", "fsync", "mkdir", "unlink"} <= set(made)
        renaming = [i for i, name in enumerate(made) if name in ("replace", "rename")]
        chosen = range(len(made)) if FULL else sorted({*renaming[:: 4], renaming[-1], *range(0, len(made), 9)})
        ended = []
        for at in chosen:
            out = tmp_path / f"at{at}"
            shutil.copytree(states[0], out)

            def work(at: int = at, out: Path = out) -> None:
                counted(at)
                put(out, tables("a", "b"))

            assert outcome(child(work)) == -signal.SIGKILL, f"{made[at]} at {at}"
            ended.append(self.check(out, states))
            shutil.rmtree(out)
        # There is one point from which on the new state stands; before it, everything is old.
        assert ended == sorted(ended, reverse=True) and {"old", "new"} == set(ended)

    def test_first_publication(self, states: tuple[Path, Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
        for at in range(0, len(points(tmp_path_factory)), 1 if FULL else 17):
            out = tmp_path / f"at{at}"

            def work(at: int = at, out: Path = out) -> None:
                counted(at)
                put(out, tables("a", "b"))

            outcome(child(work))
            seen = by_name(out) if out.exists() else {}
            assert seen in ({}, by_name(states[1]))
            put(out, tables("a", "b"))
            assert contents(out) == contents(states[1])

    def test_at_random_moments(self, states: tuple[Path, Path], tmp_path: Path) -> None:
        chance = random.Random(14)
        began = time.monotonic()
        assert outcome(child(lambda: put(tmp_path / "timed", tables("a", "b")))) == 0
        whole = time.monotonic() - began
        for i in range(50 if FULL else 12):
            out = tmp_path / f"random{i}"
            shutil.copytree(states[0], out)
            pid = child(lambda out=out: put(out, tables("a", "b")))  # type: ignore[misc]
            time.sleep(chance.uniform(0, whole))
            os.kill(pid, signal.SIGKILL)
            assert outcome(pid) in (0, -signal.SIGKILL)
            self.check(out, states)
            shutil.rmtree(out)

    def test_killed_while_settling(self, states: tuple[Path, Path], tmp_path: Path) -> None:
        """The tidying up of a killed publication is killed too, again and again."""
        for first, second in ((60, 20), (90, 30), (110, 5), (130, 12)):
            out = tmp_path / f"at{first}"
            shutil.copytree(states[0], out)
            for at in (first, second, second + 7):

                def work(at: int = at, out: Path = out) -> None:
                    counted(at)
                    put(out, tables("a", "b"))

                assert outcome(child(work)) == -signal.SIGKILL
                assert by_name(out) in (by_name(states[0]), by_name(states[1]))
            self.check(out, states)

    def test_the_command_ended_by_sigterm_leaves_nothing(self, tmp_path: Path) -> None:
        raw = tmp_path / "raw"
        raw.mkdir()
        for i in range(3000):
            (raw / f"{i}.txt").write_text(f"截至2月3日24时，聊城市累计确诊{i}例。\n" * 20, encoding="utf-8")
        out = tmp_path / "out"
        root = str(Path(__file__).parent.parent)
        env = {**os.environ, "PYTHONPATH": root, "TMPDIR": str(tmp_path / "tmp")}
        (tmp_path / "tmp").mkdir()
        command = [sys.executable, "-m", "covid_timeline", "build", str(raw), "-o", str(out)]
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            until = time.monotonic() + 60
            while not (out / ".work").exists() and time.monotonic() < until:
                time.sleep(0.02)
            assert "a build is running" in unfinished(out)
            process.terminate()
            assert process.wait(60) == 143
        assert not out.exists() and not list((tmp_path / "tmp").iterdir())


class TestFailingDisk:
    def test_an_input_output_error_at_any_point(
        self, states: tuple[Path, Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        made = points(tmp_path_factory)
        for at in range(0, len(made), 1 if FULL else 7):
            out = tmp_path / f"at{at}"
            shutil.copytree(states[0], out)
            with broken_once(at), contextlib.suppress(OSError):
                put(out, tables("a", "b"))
            assert by_name(out) in (by_name(states[0]), by_name(states[1])), made[at]
            by_loader(out)
            put(out, tables("a", "b"))
            assert contents(out) == contents(states[1])
            shutil.rmtree(out)

    @pytest.mark.skipif(
        sys.platform != "linux" or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts a small disk: root only"
    )
    def test_a_full_disk(self, states: tuple[Path, Path], tmp_path: Path) -> None:
        size = sum(path.stat().st_size for path in states[0].iterdir())
        for kilobytes in range(size // 1024 + 40, 2 * size // 1024 + 400, 60 if FULL else 240):
            disk = tmp_path / f"disk{kilobytes}"
            disk.mkdir()
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(disk)], check=False)
            if mounted.returncode:
                pytest.skip("no mounting here")
            try:
                shutil.copytree(states[0], disk / "out")
                try:
                    put(disk / "out", tables("a", "b"))
                except OSError as error:
                    assert error.errno == errno.ENOSPC or "No space left" in str(error)
                    assert contents(disk / "out") == contents(states[0])
                else:
                    assert contents(disk / "out") == contents(states[1])
                by_loader(disk / "out")
            finally:
                subprocess.run(["umount", str(disk)], check=True)


@contextlib.contextmanager
def broken_once(at: int) -> Iterator[None]:
    """The `at`th call fails as a disk does; those after it work."""
    made = 0
    real = {name: getattr(os, name) for name in CALLS}

    def failing(name: str) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            nonlocal made
            made += 1
            if made == at + 1:
                raise OSError(errno.EIO, "Input/output error")
            return real[name](*args, **more)

        return call

    for name in CALLS:
        setattr(os, name, failing(name))
    try:
        yield
    finally:
        for name, one in real.items():
            setattr(os, name, one)


class TestTwoAtOnce:
    def test_the_second_is_told(self, tmp_path: Path) -> None:
        with (
            claimed(tmp_path / "out"),
            pytest.raises(InUseError, match=rf"out: in use by process {os.getpid()} since 20\d\d-"),
        ):
            put(tmp_path / "out", tables("a"))
        put(tmp_path / "out", tables("a"))

    def test_a_stale_lock_is_taken_over(self, tmp_path: Path) -> None:
        (tmp_path / LOCK).write_text("1 elsewhere\n", encoding="ascii")
        put(tmp_path, tables("a"))
        assert not (tmp_path / LOCK).exists()

    def test_pairs(self, states: tuple[Path, Path], tmp_path: Path) -> None:
        """One of two is published whole; the other was first, or was told; never both in part."""
        seen = set()
        for i in range(30 if FULL else 6):
            out = tmp_path / f"pair{i}"
            pids = [child(lambda out=out, docs=docs: put(out, tables(*docs))) for docs in ("a", "ab")]  # type: ignore[misc]
            codes = [outcome(pid) for pid in pids]
            assert set(codes) <= {0, 75} and 0 in codes
            published = [state for state, code in zip(states, codes, strict=True) if code == 0]
            assert contents(out) in [contents(state) for state in published]
            seen.add(tuple(codes))
        assert seen


class TestReaders:
    def test_in_between_publications(self, states: tuple[Path, Path], tmp_path: Path) -> None:
        out = tmp_path / "out"
        shutil.copytree(states[0], out)
        rounds = 60 if FULL else 12

        def publish() -> None:
            for i in range(rounds):
                put(out, tables("a", "b") if i % 2 == 0 else tables("a"))

        whole = [{name: state[name] for name in PUBLISHED} for state in map(by_name, states)]
        single = [set(pair) for pair in zip(*(state.values() for state in whole), strict=True)]
        pid, loads = child(publish), 0
        try:
            while os.waitpid(pid, os.WNOHANG) == (0, 0):
                assert by_loader(out) in whole
                # By name, one after another: each is a whole file of one of the two versions, and never missing.
                for name, known in zip(PUBLISHED, single, strict=True):
                    import hashlib

                    assert hashlib.sha256((out / name).read_bytes()).hexdigest() in known
                loads += 1
        finally:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        assert loads > rounds // 4
        assert by_name(out) in [by_name(state) for state in states]


class TestWithoutLinks:
    """A file system that has neither symbolic nor hard links: the loaders still see one version."""

    def test_killed_at_every_renaming(self, states: tuple[Path, Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
        def no_links() -> None:
            def refused(*_: object, **__: object) -> None:
                raise OSError(errno.EPERM, "Operation not permitted")

            os.link = os.symlink = refused  # type: ignore[assignment]

        ended = []
        for at in range(20, 140, 1 if FULL else 11):
            out = tmp_path / f"at{at}"
            shutil.copytree(states[0], out)

            def work(at: int = at, out: Path = out) -> None:
                no_links()
                counted(at)
                put(out, tables("a", "b"))

            if outcome(child(work)) == 0:
                break
            seen = by_loader(out)
            ended.append("old" if seen == {n: d for n, d in by_name(states[0]).items() if n in PUBLISHED} else "new")
            assert ended[-1] == "old" or seen == {n: d for n, d in by_name(states[1]).items() if n in PUBLISHED}
            assert outcome(child(lambda out=out: (no_links(), put(out, tables("a", "b"))))) == 0  # type: ignore[misc]
            assert contents(out) == contents(states[1])
        assert set(ended) == {"old", "new"}
