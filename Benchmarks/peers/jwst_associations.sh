#!/bin/sh
# Interchange of associations with the published jwst package: ours load there, theirs load here. Prints a verdict a
# line and ends with the number of noes. Downloads jwst into .build/jwst-venv once (or uses JWST_PYTHON).
set -eu
cd "$(dirname "$0")/../.."

programs=$(cd "${BENCH_PROGRAMS:-.build/release}" && pwd)
python=${JWST_PYTHON:-.build/jwst-venv/bin/python}
if [ ! -x "$python" ]; then
  python3 -m venv .build/jwst-venv
  .build/jwst-venv/bin/pip install --quiet --disable-pip-version-check jwst==1.18.1
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
frame() {
  "$programs/irissim" frame --detector-size 64 --exptime 20 --obsname "$1" --start "2026-07-15T$2" -o "$folder/$3" >&2
}
frame IMG1-SCI 09:00:00 sci_sci.fits
frame IMG1-SKY 09:05:00 sky_cal.fits
"$programs/tmtrun" make-asn "$folder"/s*.fits --rule imager-level2 -o "$folder/ours_level2.json" >&2
"$programs/tmtrun" make-asn "$folder"/s*.fits --rule DMS_Level3_Base -o "$folder/ours_level3.json" >&2
CRDS_PATH= "$python" Benchmarks/peers/jwst_associations.py "$programs/tmtrun" "$folder"
