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
workers=$(($(getconf _NPROCESSORS_ONLN) + 1))  # many tests wait for a browser, a server or a kernel
step pytest -n "$workers" --dist worksteal tests "$@"
step pytest -n "$workers" --dist loadfile --nbval-lax --nbval-current-env course labs
