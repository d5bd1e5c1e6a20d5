"""Small faults in a module of reading/, and whether its tests see them: mutants.py MODULE... [--sample N] [--seed S].

Each mutant changes one place of the module: a comparison, `and` for `or`, a condition or a `not` turned round, a number
one higher, an arithmetic sign, a string with marks at both ends, a statement left out, `break` for `continue`. The tests of
reading run against it in a process of their own: the tables of cases, the bulletins and the doctests of the module, then the
five articles against their committed tables. A mutant that they let pass survives. Of all places N are drawn at random; the
same seed draws the same places of the same source. Needs os.fork, and committed tables that are what the code builds.
"""

from __future__ import annotations

import argparse
import ast
import copy
import doctest
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
CASES = ("test_resolvers", "test_bulletins", "test_events", "test_reading")
LEFT_OUT = ("TestAnyText", "test_a_rumour_reaches_no_city_table")  # slow, and about other things
ARTICLES = "tests/test_pipeline.py::TestCommittedTables"
LIMIT = 90  # seconds; a mutant that runs longer is seen

OTHER_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OTHER_SIGN: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv}


class Mutant(NamedTuple):
    """One changed place: its line, what kind of change, and the source of the module with it."""

    line: int
    kind: str
    source: str


def changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], ast.AST]]]:
    """The kinds of change that a node allows, each with the function that makes it on a copy of the node."""
    match node:
        case ast.Compare():
            for number in range(len(node.ops)):

                def compare(copied: ast.AST, number: int = number) -> ast.AST:
                    assert isinstance(copied, ast.Compare)
                    copied.ops[number] = OTHER_COMPARISON[type(copied.ops[number])]()
                    return copied

                yield "comparison", compare
        case ast.BoolOp():

            def join(copied: ast.AST) -> ast.AST:
                assert isinstance(copied, ast.BoolOp)
                copied.op = ast.Or() if isinstance(copied.op, ast.And) else ast.And()
                return copied

            yield "and/or", join
        case ast.UnaryOp(op=ast.Not()):
            yield "not", lambda copied: copied.operand  # type: ignore[attr-defined]
        case ast.If() | ast.IfExp() | ast.While():

            def turn(copied: ast.AST) -> ast.AST:
                copied.test = ast.UnaryOp(ast.Not(), copied.test)  # type: ignore[attr-defined]
                return copied

            yield "condition", turn
        case ast.BinOp() if type(node.op) in OTHER_SIGN:

            def sign(copied: ast.AST) -> ast.AST:
                assert isinstance(copied, ast.BinOp)
                copied.op = OTHER_SIGN[type(copied.op)]()
                return copied

            yield "arithmetic", sign
        case ast.Constant(value=bool()):
            yield "constant", lambda copied: ast.Constant(not copied.value)  # type: ignore[attr-defined]
        case ast.Constant(value=int()):
            yield "number", lambda copied: ast.Constant(copied.value + 1)  # type: ignore[attr-defined]
        case ast.Constant(value=str()):
            yield "string", lambda copied: ast.Constant(f"XX{copied.value}XX")  # type: ignore[attr-defined]
        case ast.Break():
            yield "loop", lambda copied: ast.Continue()
        case ast.Continue():
            yield "loop", lambda copied: ast.Break()
        case ast.Assign() | ast.AugAssign() | ast.Expr(value=ast.Call()):
            yield "statement", lambda copied: ast.Pass()


def places(tree: ast.Module) -> Iterator[tuple[int, int, str]]:
    """Number in ast.walk, number of the change, and its kind, of every place that can be changed."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def is_left_alone(node: ast.AST) -> bool:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return True  # a docstring
        if isinstance(node, ast.Assign) and node in tree.body:
            target = node.targets[0]
            return isinstance(target, ast.Name) and target.id == "__all__"
        return isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Assert, ast.Raise))

    for number, node in enumerate(ast.walk(tree)):
        above: ast.AST | None = node
        while above is not None and not is_left_alone(above):
            parent = parents.get(above)
            if isinstance(parent, ast.AnnAssign) and above is parent.annotation:
                break
            if (isinstance(parent, ast.FunctionDef) and above is parent.returns) or isinstance(parent, ast.arg):
                break
            above = parent
        if above is not None:
            continue
        if isinstance(node, ast.Assign) and node in tree.body:
            continue  # a name of the module: its value is changed, not its being there
        for which, (kind, _) in enumerate(changes(node)):
            yield number, which, kind


def mutants(source: str, sample: int, seed: int) -> tuple[list[Mutant], int]:
    """Mutants of a random sample of the places, and how many places there are."""
    tree = ast.parse(source)
    every = list(places(tree))
    chosen = sorted(random.Random(seed).sample(every, min(sample, len(every))))
    made = []
    for number, which, kind in chosen:
        changed = copy.deepcopy(tree)
        nodes = list(ast.walk(changed))
        node = nodes[number]
        line = getattr(node, "lineno", 0)
        for parent in nodes:
            for name, value in ast.iter_fields(parent):
                if value is node:
                    setattr(parent, name, list(changes(node))[which][1](node))
                elif isinstance(value, list) and any(one is node for one in value):
                    value[:] = [list(changes(node))[which][1](node) if one is node else one for one in value]
        made.append(Mutant(line, kind, ast.unparse(ast.fix_missing_locations(changed))))
    return made, len(every)


class Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutant where the module is imported."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self.name, self.path, self.source = name, path, source

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self, origin=str(self.path)) if name == self.name else None

    def exec_module(self, module: object) -> None:
        module.__dict__["__file__"] = str(self.path)
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)


def run_cases(module: str) -> bool:
    """The tables of cases and the doctests of the module, one after the other until one fails; pytest would take twice as long."""
    for name in CASES:
        tests = importlib.import_module(name)
        for holder in [one for one in vars(tests).values() if isinstance(one, type) and one.__name__.startswith("Test")]:
            for test in [one for one in vars(holder).values() if callable(one) and one.__name__.startswith("test")]:
                if holder.__name__ in LEFT_OUT or test.__name__ in LEFT_OUT:
                    continue
                for values in arguments([*getattr(holder, "pytestmark", []), *getattr(test, "pytestmark", [])]):
                    test(holder(), **values)
    return doctest.testmod(sys.modules[module]).failed == 0


def arguments(marks: list[Any]) -> list[dict[str, Any]]:
    """What a test is called with, once for each row of its table."""
    calls: list[dict[str, Any]] = [{}]
    for mark in marks:
        names = [mark.args[0]] if isinstance(mark.args[0], str) else list(mark.args[0])
        rows = [getattr(row, "values", row) if not isinstance(row, dict) else row for row in mark.args[1]]
        rows = [row if isinstance(row, tuple) and len(row) == len(names) and not isinstance(mark.args[0], str) else only(row) for row in rows]
        calls = [{**call, **dict(zip(names, row, strict=True))} for call in calls for row in rows]
    return calls


def only(row: Any) -> tuple[Any]:
    return row if isinstance(row, tuple) and len(row) == 1 else (row,)


def run_articles(module: str) -> bool:
    """Whether the committed tables of the five articles are what the code builds."""
    import pytest

    return pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", ARTICLES]) == 0


def is_seen(name: str, path: Path, source: str, passes: Callable[[str], bool]) -> bool:
    """Whether the tests fail with this source in place of the module's."""
    child = os.fork()
    if not child:
        code = 1
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            sys.meta_path.insert(0, Instead(name, path, source))
            code = 0 if passes(name) else 1
        finally:
            os._exit(code)
    ends = time.monotonic() + LIMIT
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status != 0
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", nargs="+", help="events, metrics, period ...")
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    # What the modules of reading/ stand on is imported once, and not changed.
    import hypothesis  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401
    import pytest  # noqa: F401

    from covid_timeline.lexicon.lexer import lex
    from covid_timeline.mentions.places import find_places
    from covid_timeline.mentions.quantities import find_quantities
    from covid_timeline.mentions.resolve import read_dates

    find_places("聊城市", None), find_quantities("3例"), lex("新增确诊病例"), read_dates  # warm caches
    for module in asked.module:
        path = ROOT / "covid_timeline" / "reading" / f"{module}.py"
        name = f"covid_timeline.reading.{module}"
        source = path.read_text(encoding="utf-8")
        for passes in (run_cases, run_articles):
            if is_seen(name, path, source, passes):
                sys.exit(f"{module}: {passes.__name__} fails without any mutant")
        made, total = mutants(source, asked.sample, asked.seed)
        lines = source.splitlines()
        passed, survived = 0, []
        for one in made:
            if is_seen(name, path, one.source, run_cases):
                continue
            passed += 1
            alive = not is_seen(name, path, one.source, run_articles)
            if alive:
                survived.append(one)
            print(f"{'' if alive else '(articles) '}{path.name}:{one.line}: {one.kind}: {lines[one.line - 1].strip()[:140]}", flush=True)
        kinds = Counter(one.kind for one in made)
        left = Counter(one.kind for one in survived)
        by_kind = ", ".join(f"{kind} {left[kind]}/{kinds[kind]}" for kind in sorted(kinds))
        print(
            f"{module}: of {len(made)} mutants ({total} places) {passed} pass the cases ({passed / len(made):.1%}), "
            f"{len(survived)} the articles too ({len(survived) / len(made):.1%}); {by_kind}",
            flush=True,
        )


if __name__ == "__main__":
    main()
