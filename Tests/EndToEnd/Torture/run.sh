#!/bin/sh
# The long form of the fault-injection tests: PART='kills fuzz' SECONDS_EACH=60 make torture
# Prints progress as it goes and a table at the end; exits 1 when a part failed. The seed is IRISARCHIVE_TORTURE_SEED (1).
set -u
cd "$(dirname "$0")/../../.."

parts=${PART:-kills mutants flood year fuzz}
report=$PWD/.build/torture.tsv
: >"$report"
export IRISARCHIVE_TORTURE=1 IRISARCHIVE_TORTURE_REPORT="$report"
# What the fuzz part begins with, besides our own files.
export IRISARCHIVE_TORTURE_CORPUS="$PWD/.build/fuzz/mutants"
export IRISARCHIVE_TORTURE_SEED="${IRISARCHIVE_TORTURE_SEED:-1}"

bad=
for part in $parts; do
  case $part in
  kills) suite=KillTests ;;
  mutants) suite=MutationTests ;;
  flood) suite=FloodTests ;;
  year) suite=YearTests ;;
  fuzz) suite= ;;
  *)
    echo "error: there is no part of that name — $part" >&2
    exit 64
    ;;
  esac
  printf '\n=== %s, seed %s\n' "$part" "$IRISARCHIVE_TORTURE_SEED"
  began=$(date +%s)
  if [ -n "$suite" ]; then
    swift test -c release --skip-build --filter "EndToEndTests.$suite"
  else
    sh Fuzz/run.sh
  fi
  if [ $? -eq 0 ]; then verdict=passed; else verdict=FAILED bad=$part; fi
  printf '%s\t%s in %d s\n' "$part" "$verdict" $(($(date +%s) - began)) >>"$report"
done

printf '\n=== torture, seed %s\n' "$IRISARCHIVE_TORTURE_SEED"
awk -F '\t' '{ printf "%-34s %s\n", $1, $2 }' "$report"
[ -z "$bad" ]
