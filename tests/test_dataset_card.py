"""data/README.md: the dataset card, and that Hugging Face's library loads what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import tools
from covid_timeline.tables.schema import TABLES

DATA = Path(__file__).resolve().parents[1] / "data"
HEADER = (DATA / "README.md").read_text(encoding="utf-8").split("---\n")[1]
CONFIGS = dict(re.findall(r"- config_name: (\w+)\n(?:    default: true\n)?    data_files: (.*)", HEADER))


def files(config: str) -> list[Path]:
    return [DATA / name for name in re.findall(r"[\w/]+\.parquet", CONFIGS[config])]


def test_every_table_is_a_configuration() -> None:
    assert set(CONFIGS) == set(TABLES)


@pytest.mark.parametrize("config", CONFIGS)
def test_its_files_are_there_and_of_one_schema(config: str) -> None:
    schemas = [pq.read_schema(file) for file in files(config)]
    assert all(schema.equals(schemas[0]) for schema in schemas)


def test_the_library_loads_it(tmp_path: Path) -> None:
    """In a process of its own, because the library warns of others while it is imported; offline."""
    if not find_spec("datasets"):
        tools.absent("Hugging Face's datasets", tools.extra("docs"))
    code = (
        "import sys\n"
        "from datasets import get_dataset_config_names, load_dataset\n"
        "names = get_dataset_config_names(sys.argv[1])\n"
        "for name in names:\n"
        "    rows = load_dataset(sys.argv[1], name, split='train', cache_dir=sys.argv[2])\n"
        "    print(name, len(rows), rows.column_names[0])\n"
        "print('default', len(load_dataset(sys.argv[1], split='train', cache_dir=sys.argv[2])))\n"
    )
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code, str(DATA), str(tmp_path / "cache")],
        env=environment, capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    lines = [line.split() for line in ran.stdout.splitlines()]
    loaded = {line[0]: int(line[1]) for line in lines}
    expected = {config: sum(pq.read_metadata(file).num_rows for file in files(config)) for config in CONFIGS}
    assert loaded == expected | {"default": expected["city_by_date"]}
