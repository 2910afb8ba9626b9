#!/usr/bin/env python3
"""skywave phy --engine soft: the radio in C against the gates, both ways, every rate and pad length; recordings;
bad input."""
import csv, json, os, pathlib, random, struct, subprocess, sys, tempfile, zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.chdir(ROOT)
SKYWAVE = str(pathlib.Path(os.environ.get("BUILD", "build")).resolve() / "bin/skywave")
VECTORS = ROOT / "tests/vectors/ofdm"
RATES = {6: 24, 9: 36, 12: 48, 18: 72, 24: 96, 36: 144, 48: 192, 54: 216}  # N_DBPS
random.seed(1)
failed = False
scratch = tempfile.TemporaryDirectory()
IQ = scratch.name + "/iq"


def check(good, what):
    global failed
    failed |= not good
    print(("ok - " if good else "not ok - ") + what, flush=True)


def run(*args, data=None):
    return subprocess.run([SKYWAVE, "phy", *map(str, args)], input=data, capture_output=True, timeout=120)


def encode(engine, rate, psdu, *more):
    done = run("encode", "--engine", engine, "--rate", rate, "--out", IQ, *more, data=psdu)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(IQ).read_bytes()


def decode(engine, samples, *more):
    pathlib.Path(IQ).write_bytes(samples)
    done = run("decode", "--engine", engine, *more, IQ)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def psdu_of(n):
    body = random.randbytes(n - 4)
    return body + zlib.crc32(body).to_bytes(4, "little")


def every_pad(rate, sender, receiver):
    """Lengths from 30 on give every number of pad bits that the rate has."""
    pads, psdus, samples = set(), [], bytes(8 * 100)
    for n in range(30, 30 + RATES[rate]):
        pad = -(22 + 8 * n) % RATES[rate]
        if pad in pads:
            continue
        pads.add(pad)
        psdus.append(psdu_of(n))
        samples += encode(sender, rate, psdus[-1]) + bytes(8 * 320)
    got = decode(receiver, samples)
    good = [(g["rate_mbps"], g["fcs_ok"], g["psdu"]) for g in got] == [(rate, True, p.hex()) for p in psdus]
    if not good:
        print("#", len(got), "of", len(psdus), "frames", [g["length"] for g in got if not g["fcs_ok"]])
    check(good, f"{sender} to {receiver} at {rate} Mb/s: {len(pads)} pad lengths")


def recording(path):
    want = [r for r in csv.DictReader(open(VECTORS / "captures/frames.tsv"), delimiter="\t") if r["file"] == path.name]
    got = decode("soft", path.read_bytes(), "--format", "cs16")
    same = len(got) == len(want) and all(
        g["psdu"] == w["psdu_hex"] and g["fcs_ok"] == (w["fcs_ok"] == "1") and g["rate_mbps"] == int(w["rate_mbps"])
        and abs(g["time"] - int(w["start_sample"])) <= 8 and abs(g["cfo_hz"] - int(w["cfo_hz"])) <= 3000
        for g, w in zip(got, want))
    check(same and want, f"{path.name}: {len(want)} frames")


for rate in RATES:
    every_pad(rate, "rtl", "soft")
    every_pad(rate, "soft", "rtl")
for path in sorted((VECTORS / "captures").glob("*.cs16")):
    recording(path)

long = psdu_of(4095)
check([g["psdu"] for g in decode("soft", encode("soft", 6, long))] == [long.hex()], "4095 octets at 6 Mb/s")
frame = decode("soft", encode("soft", 12, b"x" * 50, "--fcs", "--bandwidth", 10), "--bandwidth", 10)[0]
check(frame["rate_mbps"] == 6 and frame["fcs_ok"] and frame["length"] == 54, "--bandwidth 10 halves the rate; --fcs")

annex = bytes.fromhex(next(l.split("\t")[2] for l in open(VECTORS / "annex_bits.tsv") if l.startswith("psdu")))
printed = [tuple(map(float, l.split()[1:3])) for l in open(VECTORS / "annex_packet_time.tsv") if l[0].isdigit()]
got = [struct.unpack_from("<ff", encode("soft", 36, annex, "--seed", 93), 8 * i) for i in range(881)]
check(all(abs(g[0] / 2 - p[0]) < 6e-4 and abs(g[1] / 2 - p[1]) < 6e-4 for g, p in zip(got, printed)) and len(printed) == 881,
      "the standard's example, every sample")
frame = decode("soft", b"".join(struct.pack("<ff", *p) for p in printed))
check([g["psdu"] for g in frame] == [annex.hex()], "its printed samples decode")

noise = b"".join(struct.pack("<hh", *(int(max(-32768, min(32767, random.gauss(0, 9000)))) for _ in "iq")) for _ in range(200000))
check(decode("soft", noise, "--format", "cs16") == [], "noise, clipped: no frame")
check(decode("soft", random.randbytes(400000), "--format", "cs16") == [], "random octets: no frame")
cut = encode("soft", 24, psdu_of(500))
check(all(run("decode", "--engine", "soft", IQ).returncode == 0 for n in range(4000, len(cut), 2400)
          if pathlib.Path(IQ).write_bytes(cut[:n - n % 8])), "a file cut anywhere")
for name, data, pattern in (("empty", b"", b"empty"), ("odd", bytes(4001), b"left over"), ("short", bytes(800), b"too short"),
                            ("not a number", struct.pack("<ff", 0.1, float("nan")) * 1000, b"not a number")):
    pathlib.Path(IQ).write_bytes(data)
    done = run("decode", "--engine", "soft", IQ)
    check(done.returncode == 1 and pattern in done.stderr and not done.stdout, "a file that is " + name)
done = run("decode", "--engine", "softer", IQ)
check(done.returncode == 2 and b"rtl or soft" in done.stderr, "an unknown engine")
sys.exit(failed)
