"""Data flows one way: a stage imports itself and what is left of it. Only the right stages import heavy packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "covid_timeline"
ORDER = [
    "model",
    "text",
    "display",
    "parquet",
    "lexicon",
    "mentions",
    "reading",
    "sources",
    "tables",
    "checks",
    "schemas",
    "batches",
    "workers",
    "dataset",
    "loaders",
    "pipeline",
    "engines",
    "api",
    "(tools)",
    "cli",
    "__main__",
]
"""Left to right. `(tools)` are the modules beside these that look at finished tables or texts: evaluate, ..."""

HEAVY = {"pandas", "pyarrow", "pandera", "polars", "duckdb", "numpy"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def stage(module: str) -> str:
    """The stage of a dotted module below the package: tables.build -> tables."""
    top = module.partition(".")[0]
    return top if top in ORDER else "(tools)"


def imports(path: Path, *, at_import_only: bool) -> Iterator[str]:
    """Dotted names that a file imports; relative imports are not used here."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        node
        for scope in ast.walk(tree)
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(scope, ast.If) and "TYPE_CHECKING" in ast.unparse(scope.test))
        for node in ast.walk(scope)
    }
    for node in ast.walk(tree):
        if at_import_only and node in inside:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# The public names, in __init__.py, come from every stage.
@pytest.mark.parametrize("path", [p for p in MODULES if p != PACKAGE / "__init__.py"], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_stage_imports_only_what_is_left_of_it(path: Path) -> None:
    own = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    here = ORDER.index(stage(own))
    for name in imports(path, at_import_only=False):
        package, _, rest = name.partition(".")
        if package == "covid_timeline" and rest and rest not in ("__version__",):
            if (
                not (PACKAGE / rest.split(".")[0]).exists()
                and not (PACKAGE / f"{rest.split('.')[0]}.py").exists()
            ):
                continue  # a public name: ct.load_events
            assert ORDER.index(stage(rest)) <= here, f"{own} imports {rest}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_heavy_before_the_tables(path: Path) -> None:
    own = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    if (
        stage(own) in ("model", "text", "mentions", "facts", "sources", "dataset", "loaders", "api", "cli")
        or own == "__init__"
    ):
        heavy = {name.partition(".")[0] for name in imports(path, at_import_only=True)} & HEAVY
        assert not heavy, f"{own} imports {heavy} when it is imported"


def test_the_stages_exist() -> None:
    found = {path.name.removesuffix(".py") for path in PACKAGE.iterdir()}
    assert set(ORDER) - {"(tools)"} <= found
