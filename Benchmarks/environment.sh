#!/bin/sh
# Makes the environment of the peers from PyPI, anew when the list of versions changes, and prints its folder; prints
# nothing where they cannot be installed (exit code 69 and a word about it). Run from the package's folder.
set -eu

python=
for candidate in python3.11 /usr/bin/python3 python3; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || {
  echo "error: no python3 (3.9 or newer) to run the peers with" >&2
  echo "hint: apt-get install python3 python3-venv" >&2
  exit 69
}

venv=.build/bench-venv
if ! cmp -s Benchmarks/requirements.txt "$venv/installed.txt"; then
  echo "installing the peers into $venv" >&2
  rm -rf "$venv"
  if "$python" -m venv "$venv" >&2 && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --only-binary :all: --requirement Benchmarks/requirements.txt >&2; then
    cp Benchmarks/requirements.txt "$venv/installed.txt"
  else
    rm -rf "$venv"
    echo "the peers of Benchmarks/requirements.txt could not be installed" >&2
    exit 69
  fi
fi
echo "$venv"
