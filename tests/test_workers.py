"""Processes: order, a bounded window, and an end that is clean whatever happens."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator

import pytest

from covid_timeline import workers


def work(payload: bytes) -> str:
    """Runs in the processes."""
    if payload == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if payload == b"raise":
        raise ValueError("as it came")
    return payload.decode() * 2


def run(tasks: Iterator[str] | list[str], jobs: int = 2) -> Iterator[tuple[str, object]]:
    return workers.run(work, tasks, jobs, payload=str.encode)


class TestRun:
    def test_results_in_the_order_of_the_tasks(self) -> None:
        tasks = [str(n) for n in range(50)]
        assert list(run(tasks)) == [(task, task * 2) for task in tasks]
        assert multiprocessing.active_children() == []

    def test_nothing_to_do(self) -> None:
        assert list(run([])) == []

    def test_tasks_are_read_no_faster_than_they_are_worked_off(self) -> None:
        read = []

        def tasks() -> Iterator[str]:
            for n in range(1000):
                read.append(n)
                yield str(n)

        results = run(tasks())
        for n in range(10):
            next(results)
            assert len(read) <= n + 1 + 2 * workers.WINDOW
        results.close()  # type: ignore[attr-defined]
        assert multiprocessing.active_children() == []

    def test_a_process_that_dies_names_its_task(self) -> None:
        done = []
        with pytest.raises(workers.WorkerDied, match="signal 9") as caught:
            done.extend(run(["a", "b", "die", *"cdefgh"]))
        assert (caught.value.task, caught.value.code) == ("die", -9)
        assert multiprocessing.active_children() == []

    def test_what_the_function_raises(self) -> None:
        with pytest.raises(ValueError, match="as it came"):
            list(run(["a", "raise", "b"]))
        assert multiprocessing.active_children() == []


def test_cores() -> None:
    assert 1 <= workers.cores() <= (os.cpu_count() or 1)
