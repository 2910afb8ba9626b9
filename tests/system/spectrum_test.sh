#!/usr/bin/env bash
# The transmitter against the standard's limits: spectrum mask and constellation error of frames of every rate, with
# the 12 bits of a board's converter. With 5 bits the same check must fail.
set -u
cd "$(dirname "$0")/../.."
. tests/system/skw_tap.sh

files=
for rate in 6 9 12 18 24 36 48 54; do
	head -c 400 /dev/urandom | "$BUILD/bin/skywave" phy encode --engine rtl --rate $rate --fcs --format cs16 --out "$scratch/$rate.cs16" 2>/dev/null
	files="$files $scratch/$rate.cs16"
done
within() { "$BUILD/bench/tx_spectrum" "$1" "$scratch/csv" $files >"$scratch/table"; }
check "every rate keeps the mask and -35 dB of constellation error at 12 bits" within 12
check "and the table names all eight" test "$(grep -c '^ *[0-9]* *[0-9.]* *[-0-9.]* *-[0-9.]*$' "$scratch/table")" = 8
coarse() { ! within 5; }
check "5 bits are not enough" coarse
exit $failed
