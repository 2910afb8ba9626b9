#!/usr/bin/env bash
# skywave phy: round trips at all rates, the standard's example frame, recordings from the air, bad input.
set -u
cd "$(dirname "$0")/../.."
. tests/system/skw_tap.sh

phy() { "$BUILD/bin/skywave" phy "$@"; }
encode() { phy encode --engine rtl "$@"; }
decode() { phy decode --engine rtl "$@" 2>"$scratch/err"; }
vectors=tests/vectors/ofdm
rates="6 9 12 18 24 36 48 54"

# random N SEED: N reproducible bytes.
random() { python3 -c 'import random,sys; random.seed(sys.argv[2]); sys.stdout.buffer.write(random.randbytes(int(sys.argv[1])))' "$1" "$2"; }
# hex: standard input in hexadecimal, and back.
hex() { python3 -c 'import sys; print(sys.stdin.buffer.read().hex(), end="")'; }
unhex() { python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'; }
# with_fcs: standard input and its FCS: CRC-32 of IEEE 802.11, least significant byte first.
with_fcs() { python3 -c 'import sys,zlib; d=sys.stdin.buffer.read(); sys.stdout.buffer.write(d+zlib.crc32(d).to_bytes(4,"little"))'; }
# is FILE KEY VALUE...: the one frame of FILE has these fields.
is() {
	python3 - "$@" <<'PY'
import json, sys
frames = [json.loads(line) for line in open(sys.argv[1])]
want = dict(zip(sys.argv[2::2], sys.argv[3::2]))
wrong = [k for k, v in want.items() if len(frames) != 1 or str(frames[0][k]) != v]
if wrong:
    print("#", len(frames), "frames;", [(k, frames[0][k] if frames else None, want[k]) for k in wrong])
sys.exit(bool(wrong))
PY
}

round_trip() { # RATE LENGTH FORMAT BANDWIDTH
	random "$2" "$1" | with_fcs >"$scratch/psdu"
	encode --rate "$1" --format "$3" --bandwidth "$4" --out "$scratch/iq" <"$scratch/psdu" 2>/dev/null &&
		decode --format "$3" --bandwidth "$4" "$scratch/iq" >"$scratch/json" &&
		is "$scratch/json" rate_mbps "$(python3 -c "print(f'{$1*$4/20:g}')")" length $(($2 + 4)) fcs_ok True \
			psdu "$(hex <"$scratch/psdu")"
}

lengths=(1 10 96 496 524 1000 1496 2300) # 500, 528 and 1500 with FCS leave few pad bits
i=0
for rate in $rates; do
	check "round trip at $rate Mb/s, ${lengths[$i]} bytes, cf32" round_trip "$rate" "${lengths[$i]}" cf32 20
	check "round trip at $rate Mb/s, ${lengths[$((7 - i))]} bytes, cs16" round_trip "$rate" "${lengths[$((7 - i))]}" cs16 20
	i=$((i + 1))
done

bandwidth() {
	random 50 1 | encode --fcs --rate 12 --bandwidth "$1" --out "$scratch/iq" 2>/dev/null &&
		decode --bandwidth "$1" "$scratch/iq" >"$scratch/json" && is "$scratch/json" rate_mbps "$2" fcs_ok True
}
check "--bandwidth 10 halves the rate reported" bandwidth 10 6
check "--bandwidth 5 quarters it" bandwidth 5 3

appends() {
	random 60 2 >"$scratch/plain"
	encode --fcs --rate 24 --out "$scratch/iq" <"$scratch/plain" 2>/dev/null && decode "$scratch/iq" >"$scratch/json" &&
		is "$scratch/json" length 64 fcs_ok True psdu "$(with_fcs <"$scratch/plain" | hex)"
}
check "--fcs appends the FCS that the standard asks for" appends

bad_fcs() {
	random 60 3 | encode --rate 24 --out "$scratch/iq" 2>/dev/null && decode "$scratch/iq" >"$scratch/json" &&
		is "$scratch/json" length 60 fcs_ok False psdu "$(random 60 3 | hex)"
}
check "a frame with a bad FCS is delivered and marked" bad_fcs

# ---- the standard's worked example ----
awk -F'\t' '$1 == "psdu" { print $3 }' $vectors/annex_bits.tsv | unhex >"$scratch/annex"
annex_encode() {
	encode --rate 36 --seed 93 --out "$scratch/annex.cf32" <"$scratch/annex" 2>/dev/null && python3 - "$scratch/annex.cf32" $vectors/annex_packet_time.tsv <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
got = [complex(*struct.unpack_from("<ff", data, 8 * i)) for i in range(len(data) // 8)]
want = [complex(float(r.split()[1]), float(r.split()[2])) for r in open(sys.argv[2]) if r[0].isdigit()]
gain = sum(a * b.conjugate() for a, b in zip(got, want)) / sum(abs(b) ** 2 for b in want)
error = sum(abs(a / gain - b) ** 2 for a, b in zip(got, want)) / sum(abs(b) ** 2 for b in want)
print(f"# {len(got)} samples, gain {gain:.3f}, error {error:.2e}")
sys.exit(not (len(got) == len(want) == 881 and error < 3e-5 and gain.real > 0 and abs(gain.imag) < 0.001 * gain.real))
PY
}
check "the standard's example frame: all 881 samples to its three decimals" annex_encode

annex_decode() {
	python3 - $vectors/annex_packet_time.tsv >"$scratch/printed.cf32" <<'PY'
import struct, sys
for row in open(sys.argv[1]):
    if row[0].isdigit():
        sys.stdout.buffer.write(struct.pack("<ff", *map(float, row.split()[1:3])))
PY
	decode "$scratch/printed.cf32" >"$scratch/json" && is "$scratch/json" rate_mbps 36 length 100 psdu "$(hex <"$scratch/annex")"
}
check "its printed samples decode to its octets" annex_decode

# ---- recordings from the air ----
capture() {
	decode --format cs16 "$vectors/captures/$1" >"$scratch/json" && python3 - "$1" "$scratch/json" $vectors/captures/frames.tsv <<'PY'
import csv, json, sys
name, got = sys.argv[1], [json.loads(line) for line in open(sys.argv[2])]
want = [r for r in csv.DictReader(open(sys.argv[3]), delimiter="\t") if r["file"] == name]
missing = [r for r in want if r["fcs_ok"] == "1" and not any(
    g["psdu"] == r["psdu_hex"] and g["fcs_ok"] and g["rate_mbps"] == int(r["rate_mbps"])
    and abs(g["time"] - int(r["start_sample"])) <= 8 and abs(g["cfo_hz"] - int(r["cfo_hz"])) <= 3000 for g in got)]
known = {r["psdu_hex"] for r in want}
strange = [g for g in got if g["fcs_ok"] and g["psdu"] not in known]
print(f"# {name}: {len(want)} frames, {len(missing)} missing, {len(strange)} strange")
for r in missing[:4]:
    near = [g for g in got if abs(g["time"] - int(r["start_sample"])) < 40]
    print("#  at", r["start_sample"], r["rate_mbps"], r["length"], "got", [(g["time"], g["rate_mbps"], g["length"], g["fcs_ok"], g["cfo_hz"]) for g in near])
sys.exit(bool(missing or strange or not want))
PY
}
for file in $vectors/captures/*.cs16; do
	file=$(basename "$file")
	check "every frame of ${file%.cs16}" capture "$file"
done

# ---- bad input ----
# says PATTERN STATUS COMMAND...: the exit status, and what standard error says; nothing on standard output.
says() {
	pattern=$1 want=$2
	shift 2
	out=$("$@" 2>"$scratch/err")
	status=$?
	[ $status = "$want" ] && [ -z "$out" ] && grep -qi -e "$pattern" "$scratch/err" && return
	echo "# status $status, standard error: $(head -c 200 "$scratch/err")"
	return 1
}
: >"$scratch/empty"
head -c 4001 /dev/zero >"$scratch/odd"
head -c 800 /dev/zero >"$scratch/short"
head -c 400000 /dev/zero >"$scratch/zeros"
python3 -c 'import random,struct,sys; random.seed(7); sys.stdout.buffer.write(b"".join(struct.pack("<hh",int(random.gauss(0,3000)),int(random.gauss(0,3000))) for _ in range(100000)))' >"$scratch/noise"
python3 -c 'import struct,sys; sys.stdout.buffer.write(struct.pack("<ff",0.1,float("nan"))*1000)' >"$scratch/nan"
d="phy decode --engine rtl"
check "an empty file" says empty 1 $d "$scratch/empty"
check "a file of odd length" says "left over" 1 $d "$scratch/odd"
check "a file too short for a frame" says "too short" 1 $d "$scratch/short"
check "zeros: no frame" says "no frame found" 0 $d "$scratch/zeros"
check "noise: no frame that was not there" says "no frame found" 0 $d --format cs16 "$scratch/noise"
check "what is not a number" says "not a number" 1 $d "$scratch/nan"
check "a missing file" says "no such file" 1 $d "$scratch/missing"
check "a folder" says "directory" 1 $d "$scratch"
check "an odd pipe" says "left over" 1 bash -c "head -c 4001 /dev/zero | $BUILD/bin/skywave phy decode --engine rtl -"
check "an unknown format" says "cs8 or cu8" 2 $d --format cs12 "$scratch/zeros"
check "an unknown engine" says "rtl" 2 phy decode --engine gpu "$scratch/zeros"
check "an unknown bandwidth" says "5, 10 or 20" 2 $d --bandwidth 40 "$scratch/zeros"
check "a rate that is none" says "24" 2 phy encode --engine rtl --rate 7 --out "$scratch/x" <"$scratch/short"
check "an empty PSDU" says "empty" 1 phy encode --engine rtl --rate 6 --out "$scratch/x" <"$scratch/empty"
check "a PSDU too long" says "too long" 1 phy encode --engine rtl --rate 6 --out "$scratch/x" <"$scratch/zeros"
check "a PSDU too long for its FCS" says "too long" 1 bash -c "head -c 4092 /dev/zero | $BUILD/bin/skywave phy encode --engine rtl --fcs --rate 6 --out $scratch/x"
check "a file that cannot be written" says "no such" 1 phy encode --engine rtl --rate 6 --out "$scratch/no/where" <"$scratch/short"
exit $failed
