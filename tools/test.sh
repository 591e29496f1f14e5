#!/usr/bin/env bash
# Everything that `make test` proves, in the order in which it fails fastest. --quick leaves out the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
step() { printf '\n== %s\n' "$*"; "$@"; }
step ruff check
step ruff format --check
step mypy
step lint-imports
step unpickled author check
step unpickled author build --check
[ "${1:-}" = --quick ] && exit 0
step pytest -n 2 --dist worksteal tests "$@"
step pytest --nbval-lax --nbval-current-env --numprocesses 2 --dist loadfile course labs
