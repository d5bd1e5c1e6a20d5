"""Tools of other people that some tests need: where they are, and what happens where they are not."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[1]
INSTALL = "python -m pip install -c constraints.txt -e '.[conformance]'"


def absent(what: str, how: str = INSTALL) -> NoReturn:
    """Skip the test, or the module of tests, and say how to get what is missing; in .ci/run, which installs everything, fail it."""
    message = f"{what} is not here; {how}"
    if os.environ.get("COVID_TIMELINE_NO_SKIPS"):
        pytest.fail(message)
    pytest.skip(message, allow_module_level=True)


def module(name: str, how: str = INSTALL) -> Any:
    """An installed module."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        absent(name, how)
    return importlib.import_module(name)


def extra(name: str) -> str:
    """How an extra of the package is installed."""
    return f"python -m pip install -c constraints.txt -e '.[{name}]'"


def chromium() -> tuple[str, str]:
    """Chromium and its driver."""
    browser, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not browser or not driver:
        absent("Chromium with its driver", "on Debian: apt-get install chromium chromium-driver")
    return browser, driver


def command(name: str) -> str:
    """A command of this environment, or of the machine."""
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    return found or absent(name)


@functools.cache
def node_modules() -> Path:
    """A `node_modules` that has hyparquet: that of the checkout, or the one that COVID_TIMELINE_NODE_MODULES names."""
    named = os.environ.get("COVID_TIMELINE_NODE_MODULES")
    for folder in [Path(named)] if named else [ROOT / "node_modules", ROOT / "tests" / "node_modules"]:
        if (folder / "hyparquet").is_dir() and (folder / "hyparquet-compressors").is_dir():
            return folder
    absent("hyparquet", "npm install hyparquet hyparquet-compressors")


@functools.cache
def spark_python() -> str:
    """An interpreter that has PySpark: this one, or the one that COVID_TIMELINE_SPARK_PYTHON names."""
    python = os.environ.get("COVID_TIMELINE_SPARK_PYTHON") or sys.executable
    if python == sys.executable and importlib.util.find_spec("pyspark") is None:
        absent("PySpark", "python -m pip install pyspark, here or where COVID_TIMELINE_SPARK_PYTHON points")
    if not shutil.which("java") and "JAVA_HOME" not in os.environ:
        absent("Java, which PySpark needs,", "install a JDK of 17 or newer")
    return python
