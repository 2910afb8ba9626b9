#!/usr/bin/env bash
# The ways to a board, and `skywave radio selftest` through each: transport=serial against the Verilated board
# behind a pseudo-terminal, transport=sim, and transport=ft601 against a model of the chip's USB side.
set -u
cd "$(dirname "$0")/../.."
. tests/system/skw_tap.sh
export SOAPY_SDR_PLUGIN_PATH="$BUILD/soapy"

mkfifo "$scratch/stop"
"$BUILD/test/board_serial_pty" <"$scratch/stop" >"$scratch/pty" &
board=$!
exec 3>"$scratch/stop" # the board ends when this closes
for _ in $(seq 100); do [ -s "$scratch/pty" ] && break; sleep 0.05; done
pty=$(cat "$scratch/pty")
radio="driver=skywave,transport=serial,path=$pty"

# An earlier host was killed within a frame of 4000 bytes: the board still waits for the rest.
printf '\x5a\x10\xb8\x0f\x01\x06\xa0\x0f\x02\x00' >"$pty"

timeout 60 SoapySDRUtil --probe="$radio" >"$scratch/probe" 2>&1
check "SoapySDRUtil --probe finds the board on the line, in spite of half a packet" grep -q 'hostlink_version=1' "$scratch/probe"
found() { timeout 10 SoapySDRUtil --find="$1" 2>&1 | grep -q 'transport = serial'; }
check "SoapySDRUtil --find lists a line that is named" found "driver=skywave,path=$pty"
check "but not what is no line" bash -c "! SoapySDRUtil --find='driver=skywave,transport=serial,path=/etc/passwd' 2>&1 | grep -q 'transport ='"

timeout 120 "$BUILD/bin/skywave" radio selftest --device "$radio" --frames 1 --json >"$scratch/selftest" 2>"$scratch/errors"
check "skywave radio selftest passes on it" test $? = 0
verdict() { python3 -c '
import json, sys
t = json.load(open(sys.argv[1]))
good = t["passed"] and t["registers"] and t["clock"] and t["board"]["framer"] == "true"
good &= [r["rate_mbps"] for r in t["rates"]] == [6, 9, 12, 18, 24, 36, 48, 54]
good &= all((r["sent"], r["right"], r["wrong"], r["lost"]) == (1, 1, 0, 0) for r in t["rates"])
sys.exit(not good or any(t["counters"].values()))' "$scratch/selftest"; }
check "and says so of every rate, in JSON" verdict

exec 3>&-
wait $board
check "the board ends with its standard input" test $? = 0

refused() { timeout 20 "$BUILD/bin/skywave" radio selftest --device "$1" 2>&1 | grep -q "$2"; }
check "a line that is gone is named" refused "$radio" "$pty"
check "so is what is no line" refused driver=skywave,transport=serial,path=/etc/passwd 'cannot be a serial line'
check "and a rate that no line has" refused driver=skywave,transport=serial,baud=1234 'baud=1234'
check "a transport that is not there is refused" refused driver=skywave,transport=pigeon 'no transport pigeon'
status_of() { "$BUILD/bin/skywave" radio "${@:2}" >/dev/null 2>&1; [ $? = "$1" ]; }
check "wrong arguments are exit status 2" status_of 2 selftest --frames 0
check "and so is a word that is no command" status_of 2 dance

# A board that answers nothing is not waited for for ever.
python3 -c 'import os, pty, sys, time, tty
master, slave = pty.openpty(); tty.setraw(master); print(os.ttyname(slave), flush=True); time.sleep(20)' >"$scratch/mute" &
children=$!
for _ in $(seq 100); do [ -s "$scratch/mute" ] && break; sleep 0.05; done
mute() { refused "driver=skywave,transport=serial,path=$(cat "$scratch/mute")" 'does not answer\|takes no bytes'; }
check "a silent line is an error within seconds" mute

"$BUILD/bin/skywave-air" --line 2 --socket "$scratch/air.sock" 2>/dev/null &
children="$children $!"
for _ in $(seq 100); do [ -S "$scratch/air.sock" ] && break; sleep 0.05; done
timeout 120 "$BUILD/bin/skywave" radio selftest --device "driver=skywave,path=$scratch/air.sock,radio=bob" --frames 3 >"$scratch/table"
check "skywave radio selftest passes on a simulated radio" test $? = 0
check "and prints a table with all frames of 54 Mb/s" grep -Eq '^ +54 +3 +3 +0 +0 ' "$scratch/table"

# The FT601 in front of alice's gates.
usb() { LD_PRELOAD="$BUILD/test/ft601_shim.so" SHIM_AIR="$scratch/air.sock" timeout 120 "$@"; }
usb SoapySDRUtil --find=driver=skywave,transport=ft601 >"$scratch/find" 2>&1
check "SoapySDRUtil --find lists the chip by bus and port" grep -q 'path = 2-1.4' "$scratch/find"
usb "$BUILD/bin/skywave" radio selftest --device driver=skywave,transport=ft601,path=2-1.4 --frames 2 >"$scratch/table" 2>&1
check "skywave radio selftest passes through it" test $? = 0
usb "$BUILD/bin/skywave" radio selftest --device driver=skywave,transport=ft601,path=1-1 >"$scratch/table" 2>&1
check "another port is not taken for it" grep -q 'USB 1-1: no FT601' "$scratch/table"
unplugged() { SHIM_UNPLUG=3000 usb "$BUILD/bin/skywave" radio selftest --device driver=skywave,transport=ft601 2>&1; }
unplugged >"$scratch/table"
check "a chip that is pulled out ends the selftest, with exit status 1" test $? = 1
check "and with a reason" grep -q 'skywave radio: .*: ' "$scratch/table"
exit $failed
