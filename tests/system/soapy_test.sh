#!/usr/bin/env bash
# driver=skywave against a running skywave-air: SoapySDR's own tool, then an ordinary program.
set -u
cd "$(dirname "$0")/../.."
. tests/system/skw_tap.sh
export SOAPY_SDR_PLUGIN_PATH="$BUILD/soapy" SKYWAVE_AIR="$scratch/air.sock"

nothing_found() { ! SoapySDRUtil --find=driver=skywave 2>&1 | grep -q 'radio ='; }
check "SoapySDRUtil --find is empty without an air" nothing_found

cat >"$scratch/air.ini" <<'INI'
[air]
noise = -60
[radio a]
[radio b]
[path a b]
loss = 20
delay = 50
INI
"$BUILD/bin/skywave-air" --scenario "$scratch/air.ini" 2>"$scratch/air.log" &
air=$!
children=$air
for _ in $(seq 100); do [ -S "$SKYWAVE_AIR" ] && break; sleep 0.05; done

found() { [ "$(SoapySDRUtil --find=driver=skywave 2>/dev/null | grep -c 'transport = sim')" = "$1" ]; }
check "SoapySDRUtil --find lists the air's radios" found 2
check "SoapySDRUtil --check knows the driver" bash -c 'SoapySDRUtil --check=skywave 2>/dev/null | grep -q PRESENT'
SoapySDRUtil --probe="driver=skywave,radio=a" >"$scratch/probe" 2>&1
probe() { grep -q -- "$1" "$scratch/probe"; }
check "SoapySDRUtil --probe names the board" probe 'hostlink_version=1'
check "and its rates" probe 'Sample rates: 5, 10, 20 MSps'
check "and its formats" probe 'Stream formats: CS16, CF32, U8'
check "and its clock" probe 'Timestamps: YES'

request() { python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin1"))
s.settimeout(3); data = b""
while True:
    more = s.recv(4096)
    if not more: break
    data += more
sys.stdout.write(data.decode())' "$SKYWAVE_AIR" "$1"; }
status_is_json() { request 'status\n' | python3 -c 'import json,sys; s = json.load(sys.stdin); sys.exit(not (s["rate_hz"] == 20000000 and len(s["radios"]) == 2))'; }
answers() { request "$1" | grep -q "$2"; }
check "the air answers status in JSON" status_is_json
check "it refuses a radio that is not there" answers 'radio carol\n' 'error: no such radio'
check "it refuses what it does not understand" answers 'hello\n' 'error:'
check "and a line without an end" answers "$(printf 'x%.0s' $(seq 100))" 'error: that line is too long'

# A client that floods garbage and never reads must not hurt the others.
python3 -c '
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"radio a\n"); s.setblocking(False)
end = time.time() + 3
while time.time() < end:
    try: s.send(os.urandom(65536))
    except BlockingIOError: time.sleep(0.001)
    except OSError: break
' "$SKYWAVE_AIR" &
flood=$!
sleep 0.5
others() { timeout 20 SoapySDRUtil --probe="driver=skywave,radio=b" 2>&1 | grep -q 'Timestamps: YES'; }
check "while one client floods garbage another is served" others
busy() { answers 'radio a\n' 'error: that radio is in use'; }
check "a seat is taken by one" busy
wait $flood

${CC:-gcc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -o "$scratch/streams" tests/system/soapy_streams.c \
	$(pkg-config --cflags --libs SoapySDR) -lm || failed=1
timeout 300 "$scratch/streams" "$SKYWAVE_AIR" $air 2>"$scratch/streams.log" || { failed=1; sed 's/^/# /' "$scratch/streams.log"; echo "not ok - soapy_streams ran to its end"; }
wait $air 2>/dev/null

"$BUILD/bin/skywave-air" --line 2 2>"$scratch/air.log" &
air=$!
children=$air
sleep 0.3
kill $air
ends() { wait $air && [ ! -e "$SKYWAVE_AIR" ]; }
check "SIGTERM ends the air cleanly, over the socket of one that was killed" ends

wrong() { "$BUILD/bin/skywave-air" "${@:2}" 2>&1 >/dev/null | grep -q -e "$1"; }
printf '[radio a]\nppm = many\n' >"$scratch/bad.ini"
check "a bad value is named with its line" wrong 'line 2: ppm' --scenario "$scratch/bad.ini"
printf '[path a b]\n' >"$scratch/bad.ini"
check "and a path without its radios" wrong 'line 1: no radio a' --scenario "$scratch/bad.ini"
check "an air without radios is refused" wrong 'no radios' --set noise=-50
check "and one with a line of one" wrong 'line: 2 to 64' --line 1
check "and a scenario that is not there" wrong 'No such file' --scenario "$scratch/none"
exit $failed
