#!/usr/bin/env bash
# Make .venv from the lock, or finish at once when it already agrees with it.
# usage: tools/setup.sh learn|scale|dev   PYTHON=… names an interpreter; TORCH_INDEX=… a package index for torch alone.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:?learn, scale or dev}
lock=locks/$profile.txt
# The key of an environment: its lock, torch, the package's own entry points, and the folder (a venv cannot be moved).
key() { cat "locks/$1.txt" locks/torch.txt pyproject.toml | cksum; echo "$PWD"; }
fresh() { [ -x .venv/bin/unpickled ] && [ "$(cat ".venv/unpickled-$1" 2>/dev/null)" = "$(key "$1")" ]; }
if fresh dev || fresh "$profile" || { [ "$profile" = learn ] && fresh scale; }; then exit 0; fi

supported() { "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }
find_python() {
    for python in "${PYTHON:-}" python3.11 python3.12 python3 python; do
        if [ -n "$python" ] && supported "$python"; then echo "$python"; return; fi
    done
    echo "setup: no Python 3.11 or 3.12 with venv on PATH. Install one (Debian: apt-get install python3 python3-venv;" \
         "macOS: brew install python@3.12), or name it: PYTHON=/path/to/python make learn" >&2
    exit 2
}
say() { if [ -t 2 ]; then printf "\033[1msetup: %s\033[0m\n" "$*" >&2; else echo "setup: $*" >&2; fi; }

# A folder that was moved, or an interpreter that went away, leaves a broken .venv: make it anew.
if ! { supported .venv/bin/python && [ "$(.venv/bin/python -c 'import sys; print(sys.prefix)')" = "$PWD/.venv" ]; }; then
    rm -rf .venv
    python=$(find_python)
    say "making .venv with $("$python" --version)"
    "$python" -m venv .venv
fi
rm -f .venv/unpickled-*   # an interrupted run is finished by the next one
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }
counted() {  # on a terminal, one line that counts; elsewhere nothing but what pip says of errors
    if [ -t 2 ]; then awk -v all="$1" '/^Collecting/ {printf "\r\033[K  %d of %d  %s", ++n, all, $2 > "/dev/stderr"}
        /^Installing collected/ {printf "\r\033[K  unpacking them" > "/dev/stderr"} END {printf "\r\033[K" > "/dev/stderr"}'
    else cat >/dev/null; fi
}
count=$(grep -c '^[a-zA-Z0-9].*==' "$lock")
say "installing $count pinned packages; the first time takes a few minutes"
pip install --no-deps --require-hashes --requirement "$lock" | counted "$count"
pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} --requirement locks/torch.txt | counted 1
pip install --no-deps --no-build-isolation --editable . | counted 1
key "$profile" > ".venv/unpickled-$profile"
say "ready"
