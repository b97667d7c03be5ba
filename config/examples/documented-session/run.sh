#!/bin/sh
# The session of the IRIS Data Reduction System's documents, to the letter: a raw flat is preprocessed, then a cfg and
# an association reduce a science frame. The inputs are simulated.
#
# usage: run.sh [FOLDER]   (default: documented-session; it must not exist, and is made)
# IRISDEMO_BIN: folder of the programs (default: .build/release; empty: those of the PATH)
# IRISDEMO_SIZE: detector size in pixels (default 512); IRISDEMO_SEED: names the sky and the noise (default 7)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin=${IRISDEMO_BIN-$here/../../../.build/release}
[ -z "$bin" ] || PATH=$(cd "$bin" && pwd):$PATH
folder=${1:-documented-session}
size=${IRISDEMO_SIZE:-512}
seed=${IRISDEMO_SEED:-7}

mkdir "$folder"
cd "$folder"
cp "$here/image2_iris.cfg" "$here/flat_field.cfg" "$here/asn_subtract_bg_flat.json" .

# frame OBSNAME HH:MM EXPNUM FILE: 10 s of the first imager detector
frame() {
  irissim frame --obsname "$1" --start "2026-07-15T$2:00" --expnum "$3" --seed "$seed" --detector-size "$size" \
    --exptime 10 --readmode UTR:6 --filter H -o "$4" >/dev/null
}

# The inputs of the documents: a raw science frame, a raw flat frame and a raw background frame.
frame IMG1-NFF 03:00 6 raw_flat_frame_cal.fits
frame IMG1-SCI 09:00 7 raw_science_frame_sci.fits
frame IMG1-SKY 09:05 8 raw_background_frame_cal.fits

# A CRDS cache with one dark.
cp -R "$here/crds" crds_cache
mkdir -p crds_cache/references/tmt/iris darks
for n in 1 2 3 4 5; do frame IMG1-DRK "02:0$n" "$n" "darks/dark${n}_cal.fits"; done
tmtrun create_dark darks/dark?_cal.fits -o darks --quiet
mv darks/dark1_dark.fits crds_cache/references/tmt/iris/tmt_iris_dark_0001.fits
rm -r darks

export CRDS_PATH="$PWD/crds_cache"
export CRDS_CONTEXT=tmt_0001.pmap

# Here the documents begin.
set -x
tmtrun iris_pipeline.pipeline.PreprocessFlatfield raw_flat_frame_cal.fits
mv raw_flat_frame_flat.fits flat.fits
tmtrun image2_iris.cfg asn_subtract_bg_flat.json
