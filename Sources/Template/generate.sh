#!/bin/sh
# Prints template.json: the path, mode and text of every file of config/, catalog/, hooks/ and crds/, one per line.
# Left out: examples, FITS files, databases, and what is hidden or a backup.
# Run by `make template`:  sh Sources/Template/generate.sh >Sources/Template/template.json
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."

entry() {
  mode=0644
  [ ! -x "$1" ] || mode=0755
  ends_with_newline=1
  [ ! -s "$1" ] || [ -z "$(tail -c 1 "$1")" ] || ends_with_newline=0
  awk -v path="$1" -v mode="$mode" -v ends="$ends_with_newline" '
    function quoted(text) {
      gsub(/\\/, "&&", text)
      gsub(/"/, "\\\\&", text)
      gsub(/\t/, "\\t", text)
      gsub(/\r/, "\\r", text)
      return text
    }
    NR > 1 { text = text "\\n" }
    { text = text quoted($0) }
    END {
      if (NR > 0 && ends) text = text "\\n"
      printf "{\"path\":\"%s\",\"mode\":\"%s\",\"text\":\"%s\"}", quoted(path), mode, text
    }' "$1"
}

set --
for folder in config catalog hooks crds; do
  [ ! -d "$folder" ] || set -- "$@" "$folder"
done

echo '['
separator=
find "$@" -type f ! -path 'config/examples/*' ! -path '*/.*' ! -name '*~' ! -name '*.fits' ! -name '*.sqlite*' ! -name '*.lock' |
  sort | while IFS= read -r file; do
    printf '%b' "$separator"
    entry "$file"
    separator=',\n'
  done
printf '\n]\n'
