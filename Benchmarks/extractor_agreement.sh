#!/bin/sh
# Whether SExtractor and SWarp (Debian: source-extractor, swarp) see level 2 products as we do: positions on the sky and
# in pixels within 0.05 pixel, distortion written as TPV. sh Benchmarks/extractor_agreement.sh
set -eu
cd "$(dirname "$0")/.."

for program in source-extractor SWarp; do
  command -v "$program" >/dev/null || {
    echo "error: $program is not installed" >&2
    echo "hint: apt-get install source-extractor swarp" >&2
    exit 69
  }
done
venv=$(sh Benchmarks/environment.sh)
exec "$venv/bin/python" -B Benchmarks/peers/extractor_agreement.py "${BENCH_PROGRAMS:-.build/release}"
