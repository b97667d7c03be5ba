#!/bin/sh
# A simulated IRIS night through the whole archive: raw files are dropped while the daemon watches; masters, science
# and hooks follow by themselves. Ends with non-zero status when a count is wrong. Called by `make demo`.
#
# usage: demo.sh [FOLDER]   (default: demo-archive; it is made anew)
# IRISDEMO_SIZE: detector size in pixels (default 512); IRISDEMO_SEED: the night's seed (default 7)
set -eu

bin=$(cd "${IRISDEMO_BIN:-.build/release}" && pwd)
case ${1:-demo-archive} in
/*) root=${1:-demo-archive} ;;
*) root=$PWD/${1:-demo-archive} ;;
esac
size=${IRISDEMO_SIZE:-512}
seed=${IRISDEMO_SEED:-7}
night=$root-night
export IRISARCHIVE_ROOT="$root"
PATH=$bin:$PATH

say() { printf '\n== %s\n' "$*"; }
# Number of rows that a query gives (0 when nothing matches).
count() { irisarchive query --format tsv --names --limit 0 "$@" 2>/dev/null | wc -l; }
# Waits until the arguments, as a command, succeed; gives up after 180 s with the archive's own words.
wait_for() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 900 ]; then
      printf 'error: gave up waiting for: %s\n' "$*" >&2
      irisarchive status >&2 || true
      exit 1
    fi
    sleep 0.2
  done
}

rm -rf "$root" "$night"
say "an archive in $root"
irisarchive init "$root"
cp "$root/hooks/product-ready.d/10-log.sample" "$root/hooks/product-ready.d/10-log"

say "a simulated night (seed $seed, $size x $size pixels)"
irissim night --seed "$seed" --detector-size "$size" -o "$night"

say "the daemon watches"
irisarchive watch >"$root/logs/watch.out" 2>"$root/logs/watch.log" &
daemon=$!
trap 'kill "$daemon" 2>/dev/null || true' EXIT INT TERM
watching() { irisarchive status --format json 2>/dev/null | grep -q '"state" *: *"watching"'; }
wait_for watching

say "raw files arrive in the order of the night"
files=$root.files
sed -n 's|^ *"file" *: *"\(.*\)".*|\1|p' "$night/night.json" | sed 's|\\/|/|g' >"$files"
raw=0
while IFS= read -r file; do
  folder=$root/incoming/$(dirname "$file")
  mkdir -p "$folder"
  cp "$night/$file" "$folder/"
  raw=$((raw + 1))
done <"$files"
printf '%d files dropped\n' "$raw"

all_in() { [ "$(count --state classified)" -eq "$raw" ]; }
wait_for all_in
settled() { irisarchive status --format json | grep -q '"settled" *: *true'; }
wait_for settled

say "irisarchive status"
irisarchive status

say "irisarchive query --level 2"
irisarchive query --level 2
say "irisarchive query --level 3"
irisarchive query --level 3

product=$(irisarchive query --obsname IMG1-SCI --level 2 --names --limit 1 2>/dev/null | head -n 1)
say "irisarchive show $product --provenance"
irisarchive show "$product" --provenance

say "what the hook was told"
cut -d ' ' -f 1-3 "$root/logs/events.log"

say "counts"
bad=0
check() {
  if [ "$2" -eq "$3" ]; then
    printf '  ok     %-34s %d\n' "$1" "$2"
  else
    printf '  WRONG  %-34s %d, expected %d\n' "$1" "$2" "$3"
    bad=1
  fi
}
check "raw files in the catalog" "$(count --state classified)" "$raw"
check "quarantined or held" "$(($(count --state quarantined) + $(count --state held)))" 0
check "master darks" "$(count --kind dark)" 4
check "master flats" "$(count --kind flat)" 2
check "level 1 made from ramps" "$(count --kind rate --level 1 --state current)" 3
check "imager science, level 2" "$(count --obsname IMG1-SCI --level 2)" 5
check "lenslet science, level 2" "$(count --obsname LEN-SCI --level 2)" 3
check "slicer science, level 2" "$(count --obsname SLI-SCI --level 2)" 3
check "mosaics" "$(count --kind i2d)" 1
check "source catalogs" "$(count --kind cat)" 1
check "failed or dead jobs" "$(irisarchive jobs list --format tsv 2>/dev/null | grep -cE '	(failed|dead)	')" 0
check "products announced by the hook" "$(sort -u "$root/logs/events.log" | wc -l)" "$(count --state current)"

say "the daemon stops"
kill -TERM "$daemon"
wait "$daemon"
trap - EXIT INT TERM
[ "$bad" -eq 0 ] || exit 1
say "everything as it should be; look around with: irisarchive --root $root query"
