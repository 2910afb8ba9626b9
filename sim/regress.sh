#!/bin/sh
# regress.sh BUILD FRAMES: starts an air with two radios and runs the radio-only regression through it.
set -eu
cd "$(dirname "$0")/.."
case $1 in /*) build=$1 ;; *) build=$PWD/$1 ;; esac
folder=$(mktemp -d)
"$build/bin/skywave-air" --scenario sim/regress.ini --socket "$folder/air.sock" 2>"$folder/air.log" &
air=$!
trap 'kill $air 2>/dev/null || true; wait $air 2>/dev/null || true; rm -rf "$folder"' EXIT
tries=0
while [ ! -S "$folder/air.sock" ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || { cat "$folder/air.log" >&2; exit 1; }
	sleep 0.05
done
SOAPY_SDR_PLUGIN_PATH="$build/soapy" "$build/test/air_regress" "$folder/air.sock" "$2" 2>"$folder/log" ||
	{ cat "$folder/log" "$folder/air.log" >&2; exit 1; }
