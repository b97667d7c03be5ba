#!/bin/sh
# Runs the benchmarks beside their peers: sh Benchmarks/run.sh [--quick] [case…]; Benchmarks/README.md explains.
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 69
}

programs=${BENCH_PROGRAMS:-.build/release}
for program in irisarchive tmtrun irissim irisbench; do
  [ -x "$programs/$program" ] || fail "$programs/$program is not built" "make build"
done

python=$(command -v python3.11 || command -v /usr/bin/python3 || command -v python3) ||
  fail "no python3 (3.9 or newer) to run the peers with" "apt-get install python3 python3-venv"

# The peers live in an environment of their own; without it, those of the system's Python are used if it has any.
peers=$python
if venv=$(sh Benchmarks/environment.sh); then
  peers=$venv/bin/python
fi

exec "$python" -B Benchmarks/bench.py --programs "$programs" --peers "$peers" "$@"
