"""Work shared among processes: a bounded window of tasks, results in order, and an end that is always clean.

`concurrent.futures` reads its whole input at once in `map`, and a broken pool does not say which task broke it; here
at most `WINDOW` tasks for each process are under way, and a process that dies names its task. Processes are started
afresh (`spawn`), so the main module of the caller must be importable without side effects.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, NamedTuple, TypeVar

WINDOW = 3
"""Tasks for each process that are under way or wait for their turn to be handed on."""

T = TypeVar("T")


class WorkerDied(Exception, Generic[T]):
    """A process ended without a result: it was killed, or ran out of memory. `task` is what it was at."""

    def __init__(self, task: T, code: int | None) -> None:
        self.task = task
        self.code = code
        super().__init__(f"a worker process {exit_text(code)}")


def exit_text(code: int | None) -> str:
    """What an exit code of a process says, for people.

    >>> exit_text(-9), exit_text(1)
    ('was killed (signal 9; this is what running out of memory looks like)', 'ended with exit code 1')
    """
    if code is None or code >= 0:
        return f"ended with exit code {code}"
    hint = "; this is what running out of memory looks like" if code == -9 else ""
    return f"was killed (signal {-code}{hint})"


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


class _Worker(NamedTuple, Generic[T]):
    process: Any
    pipe: Connection
    tasks: list[tuple[int, T]]  # under way, in order


def run(
    function: Callable[[bytes], Any], tasks: Iterable[T], jobs: int, *, payload: Callable[[T], bytes]
) -> Iterator[tuple[T, Any]]:
    """Each task with what `function` makes of it, in the order of the tasks.

    Args:
        function: can be pickled; runs in the processes.
        tasks: read no faster than they are worked off.
        jobs: how many processes.
        payload: what goes to a process of a task.

    Raises:
        WorkerDied: a process ended without a result. All others are ended too, as they are when the caller stops
            early or is interrupted.
        Exception: whatever `function` raised.
    """
    workers: list[_Worker[T]] = []
    todo = enumerate(tasks)
    made: dict[int, tuple[T, Any]] = {}
    n_given = n_handed = 0
    more = True
    try:
        workers.extend(_start(function) for _ in range(jobs))
        while True:
            while n_handed in made:
                yield made.pop(n_handed)
                n_handed += 1
            # Two tasks for each: while one is worked on the next is on its way.
            for worker in workers * 2:
                if more and len(worker.tasks) < 2 and n_given - n_handed < WINDOW * jobs:
                    found = next(todo, None)
                    if found is None:
                        more = False
                        break
                    n_given += 1
                    worker.tasks.append(found)
                    with contextlib.suppress(OSError):  # a dead process is noticed below
                        worker.pipe.send_bytes(payload(found[1]))
            if n_handed == n_given and not more:
                return
            if n_handed in made:
                continue
            ready = wait([worker.pipe for worker in workers])
            for worker in workers:
                if worker.pipe in ready:
                    _receive(worker, made)
    finally:
        _end([worker.process for worker in workers], [worker.pipe for worker in workers])


def _receive(worker: _Worker[T], made: dict[int, tuple[T, Any]]) -> None:
    try:
        sound, result = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join(5)
        task = worker.tasks[0][1] if worker.tasks else None
        raise WorkerDied(task, worker.process.exitcode) from None
    if not sound:
        raise result
    number, task = worker.tasks.pop(0)
    made[number] = task, result


def _start(function: Callable[[bytes], Any]) -> _Worker[Any]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, function), daemon=True)
    with _without_interrupts():
        process.start()
    theirs.close()
    return _Worker(process, ours, [])


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C goes to every process of the terminal; a new one inherits that it is the parent's to answer."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(processes: list[Any], pipes: list[Connection]) -> None:
    for pipe in pipes:
        pipe.close()
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(5)
        if process.is_alive():
            process.kill()
            process.join()


def _work(pipe: Connection, function: Callable[[bytes], Any]) -> None:
    """The life of a process: take a payload, send back the result, until the pipe is closed."""
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def receive() -> None:
        # The parent never waits for a busy process to take its next task.
        try:
            while True:
                waiting.put(pipe.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)  # the parent is gone, or needs no more

    threading.Thread(target=receive, daemon=True).start()
    while True:
        payload = waiting.get()
        try:
            answer = True, function(payload)
        except Exception as error:
            answer = False, error
        try:
            pipe.send(answer)
        except OSError:
            os._exit(0)
