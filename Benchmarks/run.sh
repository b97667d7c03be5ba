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

python=
for candidate in python3.11 /usr/bin/python3 python3; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "no python3 (3.9 or newer) to run the peers with" "apt-get install python3 python3-venv"

# The peers live in an environment of their own, made anew when the list of versions changes.
venv=.build/bench-venv
if ! cmp -s Benchmarks/requirements.txt "$venv/installed.txt"; then
  echo "installing the peers into $venv" >&2
  rm -rf "$venv"
  if "$python" -m venv "$venv" >&2 && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --only-binary :all: --requirement Benchmarks/requirements.txt >&2; then
    cp Benchmarks/requirements.txt "$venv/installed.txt"
  else
    rm -rf "$venv"
    echo "the peers of Benchmarks/requirements.txt could not be installed; those of $python are used if it has any" >&2
  fi
fi
peers=$python
[ ! -x "$venv/bin/python" ] || peers=$venv/bin/python

exec "$python" -B Benchmarks/bench.py --programs "$programs" --peers "$peers" "$@"
