#!/bin/sh
# Builds the fuzz targets and runs each for SECONDS_EACH (600), from a corpus of our own files and of mutants.
#   sh Fuzz/run.sh [FuzzFITS|FuzzMapping|FuzzCfg|FuzzAssociation …]
# Findings are written to .build/fuzz/findings. What one comes down to becomes a case in the FuzzTests of its room.
set -u
cd "$(dirname "$0")/.."

targets=${*:-FuzzFITS FuzzMapping FuzzCfg FuzzAssociation}
seconds=${SECONDS_EACH:-600}
scratch=$PWD/.build/fuzz
findings=$scratch/findings
report=${IRISARCHIVE_TORTURE_REPORT:-/dev/null}
mkdir -p "$findings"

# Copies files into a corpus under names that cannot clash: DIR FILE…
seed() {
  folder=$1
  shift
  mkdir -p "$folder"
  for file in "$@"; do
    [ -f "$file" ] && cp "$file" "$folder/$(printf '%s' "$file" | cksum | cut -d ' ' -f 1)"
  done
}

corpus() {
  case $1 in
  FuzzFITS)
    frames=$scratch/frames
    mkdir -p "$frames"
    for obsname in IMG1-DRK IMG1-SCI LEN-SPX; do
      .build/release/irissim frame --obsname $obsname --detector-size 16 --replace -o "$frames/$obsname.fits"
      gzip -kf "$frames/$obsname.fits"
    done
    seed "$2" "$frames"/*
    ;;
  FuzzMapping) seed "$2" $(find crds Tests/Golden -name '*.rmap' -o -name '*.imap' -o -name '*.pmap') ;;
  FuzzCfg) seed "$2" $(find config Tests -name '*.cfg') ;;
  FuzzAssociation) seed "$2" $(find config Tests -name '*.yaml') $(find config Tests -name '*asn*.json') ;;
  esac
}

bad=
for target in $targets; do
  swift build --package-path Fuzz --sanitize fuzzer --scratch-path "$scratch" -c release --product "$target" || exit 1
  corpus "$target" "$scratch/corpus/$target"
  log=$scratch/$target.log
  # The mutants of the last torture are read, too.
  more=
  if [ "$target" = FuzzFITS ] && [ -d "$scratch/mutants" ]; then more=$scratch/mutants; fi
  if "$scratch/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
    -print_final_stats=1 -seed="${IRISARCHIVE_TORTURE_SEED:-1}" -artifact_prefix="$findings/$target-" \
    "$scratch/corpus/$target" $more >"$log" 2>&1; then
    verdict="no finding"
  else
    verdict="FINDING, see $log" bad=$target
    tail -30 "$log" >&2
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf 'fuzz: %s\t%s inputs in %s s: %s\n' "$target" "${runs:-?}" "$seconds" "$verdict" | tee -a "$report"
done
[ -z "$bad" ]
