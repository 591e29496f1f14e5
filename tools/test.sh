#!/usr/bin/env bash
# Everything that `make test` proves, in the order in which it fails fastest. --quick leaves out the tests, --all takes in
# those that are marked as long or wide, --long and --wide run these alone; pytest says how many are left out otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
unset PYTHONDONTWRITEBYTECODE  # where it is set, each of a thousand processes would compile the package anew
step() { printf '\n== %s\n' "$*"; "$@"; }
workers=$(($(getconf _NPROCESSORS_ONLN) + 4))  # many tests wait for a browser, a server or a kernel
pytests() { step pytest -n "$workers" "$@"; }
by_file=(--dist loadfile --no-loadscope-reorder)  # a file's tests share a browser, a course, a server; conftest.py has the order
if [ "${1:-}" = --long ]; then
    shift
    pytests --dist worksteal -m long tests "$@"
    exit 0
fi
if [ "${1:-}" = --wide ]; then  # a browser and a server for each worker: more of them are slower
    shift
    step pytest -n 2 --dist worksteal -m wide tests/browser "$@"
    exit 0
fi
told=$(mktemp)
mypy >"$told" 2>&1 &  # beside the others, since it takes as long as all of them
types=$!
pytest --collect-only -q tests >/dev/null 2>&1 &  # writes the tests' bytecode, which each worker would make anew
compiled=$!
trap 'kill "$types" "$compiled" 2>/dev/null || true; rm -f "$told"' EXIT
step ruff check
step ruff format --check
step lint-imports
step unpickled author check
step unpickled author build --check
right=0
wait "$types" || right=$?
printf "\n== mypy\n"
cat "$told"
[ "$right" = 0 ] || exit "$right"
[ "${1:-}" = --quick ] && exit 0
wait "$compiled" || true  # what is wrong is told below
which=(-m "not long and not wide")
if [ "${1:-}" = --all ]; then
    which=()
    shift
fi
pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env course labs >"$told" 2>&1 &  # while the others wait
notebooks=$!
trap 'kill "$notebooks" 2>/dev/null || true; rm -f "$told"' EXIT
pytests "${by_file[@]}" "${which[@]}" tests "$@"
right=0
wait "$notebooks" || right=$?
printf "\n== the cells of all notebooks\n"
cat "$told"
exit "$right"
