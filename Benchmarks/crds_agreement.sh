#!/bin/sh
# Do mappings that `tmtrun refs insert` writes load in the published CRDS client, with valid checksums, and choose the
# same references there? sh Benchmarks/crds_agreement.sh [--headers N] [--seed N]; prints the disagreements (wanted: 0).
set -eu
cd "$(dirname "$0")/.."

programs=${BENCH_PROGRAMS:-.build/release}
for program in tmtrun irisbench; do
  [ -x "$programs/$program" ] || {
    echo "error: $programs/$program is not built" >&2
    echo "hint: make build" >&2
    exit 69
  }
done
venv=$(sh Benchmarks/environment.sh)
exec "$venv/bin/python" -B Benchmarks/peers/crds_agreement.py --programs "$programs" "$@"
