#!/usr/bin/env bash
# Resolve pyproject.toml into locks/learn.txt (what a learner runs), locks/scale.txt (that, and what a class of thousands
# takes) and locks/dev.txt (all that, and the tools of `make test`).
# usage: tools/lock.sh [--upgrade]      Every file of every platform is pinned by its sha256.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {  # compile OUTPUT EXTRA…
    local out=$1 extras=(); shift
    for extra in "$@"; do extras+=(--extra "$extra"); done
    .venv/bin/uv pip compile pyproject.toml "${extras[@]}" --universal --python-version 3.11 --generate-hashes \
        --override locks/without-cuda.txt --no-annotate --quiet "${flags[@]}" \
        --custom-compile-command "make lock" --output-file "$out"
}
flags=("$@")
for package in torch $(sed -n 's/ ;.*//p' locks/without-cuda.txt); do flags+=(--no-emit-package "$package"); done
compile locks/dev.txt build dev scale
flags+=(--constraint locks/dev.txt)
compile locks/learn.txt build
compile locks/scale.txt build scale
.venv/bin/python tools/lock_site.py
# conda hands all it is given to one run of pip, which refuses hashes beside a torch without one.
{ echo "# The pins of dev.txt and torch.txt, for environment.yml. Made by: make lock"
  cat locks/torch.txt
  sed -nE 's/^([A-Za-z0-9_.-]+(\[[^]]*\])?==[^\]*[^\ ]) *\\?$/\1/p' locks/dev.txt; } > locks/conda.txt
