# Recipes for development: `just` lists them. CONTRIBUTING.md describes each.

# List the recipes.
default:
    @just --list

# Run the tests, or those that are named.
test *selection:
    python -m pytest {{ selection }}

# Run the thorough tests, which take minutes.
slow *selection:
    python -m pytest -m slow --durations=5 {{ selection }}

# Run the tests of the plugins, which must be installed.
plugins:
    python -m pytest -n 0 plugins

# Check style and format.
lint:
    ruff check .
    ruff format --check .

# Mend style and format as far as ruff can.
format:
    ruff check --fix .
    ruff format .

# Check types.
types:
    mypy

# Check that a package imports only from the floors below it.
floors:
    lint-imports

# Measure prose; with an area, folder or file, list each sentence to mend.
prose *where:
    python -m tests.prose {{ where }}

# Measure files, functions and imports.
structure *what:
    python -m tests.structure {{ what }}

# Check links, code blocks and paths of the documents, and run their code.
docs:
    python -m pytest -n 0 tests/test_docs.py tests/test_readme.py tests/documents

# Build the site of the documents in build/site; with --serve, show it at localhost:8000.
site *options:
    python -m docs.site {{ options }}

# Run the smallest benchmark suite and show its leaderboard.
bench out="runs/smoke":
    autotl bench smoke --out {{ out }} --workers 2
    autotl leaderboard {{ out }}

# Run everything in a new environment, as CI does.
ci:
    .ci/run
