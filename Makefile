# One entry point for every habit; .ci/run calls the same tools. `make setup` first; PYTHON picks another interpreter.
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python)
SHARED ?= ../shared
BLIND  ?=
HELD_OUT ?=
NEW    ?= build/new

.PHONY: help setup fix lint type test faults nightly drift bench data national dataset diff docs rewritings accuracy reconciliation release constraints wheels site check

help:  ## what each target does
	@sed -n 's/^\([a-z]*\):.*##/\1\t/p' $(MAKEFILE_LIST)

setup:  ## a virtual environment in .venv with everything in it
	python3.11 -m venv .venv
	.venv/bin/python -m pip install -c constraints.txt -e ".[test,dev]"

fix:  ## put right what ruff can
	$(PYTHON) -m ruff check --fix .

lint:  ## ruff
	$(PYTHON) -m ruff check .

type:  ## mypy, strict
	$(PYTHON) -m mypy

test:  ## the whole suite
	$(PYTHON) -m pytest -n auto --maxprocesses=4

faults:  ## kills at every point, full and failing disks, two builds at once, readers in between: all of it
	COVID_TIMELINE_FAULTS=1 $(PYTHON) -m pytest tests/test_faults.py tests/test_hostile.py

nightly:  ## the suite with ten thousand generated examples for each parser
	COVID_TIMELINE_NIGHTLY=1 $(PYTHON) -m pytest

drift:  ## committed tables, schemas and docs are what the code makes
	$(PYTHON) -m pytest -m drift

bench:  ## speed, import and load times on this machine
	$(PYTHON) bench/bench.py

data:  ## data/processed anew from data/raw
	$(PYTHON) -m covid_timeline build data/raw -o data/processed

national:  ## data/national anew from the bulletins and the reports of the health commissions
	$(PYTHON) -m covid_timeline build --from national $(SHARED)/corpora -o data/national --quotes facts

dataset:  ## docs/dataset.md and its picture, where the corpora and the reference are at hand
	$(PYTHON) $(SHARED)/eval/fair.py data/national $(SHARED)/reference/city_counts.csv > build/agreement.txt
	$(PYTHON) tools/dataset_page.py $(SHARED)/corpora build/agreement.txt > docs/dataset.md

diff:  ## rows that a change gains, loses or moves, against the committed tables
	$(PYTHON) -m covid_timeline build data/raw -o $(NEW)
	$(PYTHON) -m covid_timeline evaluate --against data/processed --tables $(NEW)

docs:  ## schemas/ and the generated pages
	$(PYTHON) -m covid_timeline schemas
	$(PYTHON) -m covid_timeline.checks.command > docs/validation.md

rewritings:  ## the same facts written in other ways, over the bulletins at hand
	PYTHONPATH=tests $(PYTHON) tests/rewritings.py --all

site:  ## build/site: the documentation, every notebook executed; warnings are errors, nothing is fetched
	$(PYTHON) -m sphinx -W --keep-going -q -b html docs build/site

accuracy:  ## docs/accuracy.md, where the annotated texts are at hand; BLIND names folders of blind texts
	$(PYTHON) -m covid_timeline build --from dxy $(SHARED)/corpora/dxy_news.json -o build/accuracy/early
	$(PYTHON) -m covid_timeline build --from dxy $(SHARED)/corpora/dxy_news_later.json -o build/accuracy/later
	$(PYTHON) -m covid_timeline build $(SHARED)/fresh/texts --sidecar $(SHARED)/fresh/sidecar.csv -o build/accuracy/fresh
	set -e; for blind in $(BLIND); do $(PYTHON) -m covid_timeline build $$blind/texts --sidecar $$blind/sidecar.csv \
	  -o build/accuracy/$$(basename $$blind); done
	$(PYTHON) -m covid_timeline evaluate --tables data/processed \
	  $(foreach build,early later fresh $(notdir $(BLIND)),--tables build/accuracy/$(build)) \
	  $(foreach article,liaocheng shandong shangqiu,--gold "Articles=$(SHARED)/gold/$(article).jsonl") \
	  --gold "Bulletins to 02-15=$(SHARED)/gold/dxy_dev.jsonl" --gold "Later bulletins=$(SHARED)/gold/dxy_later.jsonl" \
	  --gold "Fresh texts=$(SHARED)/fresh/gold" $(foreach blind,$(BLIND),--gold "Blind texts=$(blind)/gold") \
	  $(if $(HELD_OUT),--held-out $(HELD_OUT)) --write-docs docs/accuracy.md

reconciliation:  ## docs/reconciliation.md, where the bulletins and the reference are at hand
	$(PYTHON) -m covid_timeline build --from dxy $(SHARED)/corpora/dxy_news.json -o build/dxy
	$(PYTHON) -m covid_timeline reconcile build/dxy --reference $(SHARED)/reference/city_counts.csv \
	  --texts $(SHARED)/corpora/dxy_news.json --readings docs/reconciliation-readings.csv $(if $(HELD_OUT),--held-out $(HELD_OUT)) \
	  -o docs/reconciliation.md

release:  ## keep the dictionary of this schema version in schemas/released; never written over
	$(PYTHON) -c "from pathlib import Path; from covid_timeline.tables.versions import release; print(release(Path('schemas')))"

constraints:  ## constraints.txt from a clean install of everything
	rm -rf build/clean && python3.11 -m venv build/clean
	build/clean/bin/python -m pip install -q -e ".[test,dev,html,fetch,spark,conformance]"
	head -n 1 constraints.txt > build/constraints.txt
	build/clean/bin/python -m pip freeze --exclude-editable | sort -f >> build/constraints.txt
	mv build/constraints.txt constraints.txt

wheels:  ## dist/: the pure wheel, and the one whose hot modules are compiled (mypyc; needs a C compiler, takes minutes)
	$(PYTHON) -m build --outdir dist .
	HATCH_BUILD_HOOK_ENABLE_MYPYC=1 $(PYTHON) -m build --outdir dist .

check: lint type test  ## what must hold before a commit
