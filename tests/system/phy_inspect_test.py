#!/usr/bin/env python3
"""skywave phy inspect: the stages of the standard's example frame against its printed tables, frames of recordings by
number, in C and in gates; bad input; a gigabyte in constant memory, there and in decode."""
import csv, json, math, os, pathlib, resource, struct, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
from skw_tap import check, status

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKYWAVE = str(pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve() / "bin/skywave")
VECTORS = ROOT / "tests/vectors/ofdm"
MEMORY = 400 << 20
scratch = tempfile.TemporaryDirectory()
os.chdir(scratch.name)


def run(*args, limit=False):
    bound = (lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))) if limit else None
    return subprocess.run([SKYWAVE, "phy", *map(str, args)], capture_output=True, text=True, timeout=300,
                          preexec_fn=bound)


def table(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def printed(name):
    """A table of the standard: {number: complex}."""
    rows = [line.split("\t") for line in (VECTORS / name).read_text().splitlines() if line[0] not in "#s"]
    return {int(n): complex(float(re), float(im)) for n, re, im in rows}


def write_example():
    samples = printed("annex_packet_time.tsv")
    with open("annex", "wb") as out:
        out.write(bytes(8 * 300))
        for n in sorted(samples):
            out.write(struct.pack("<ff", samples[n].real, samples[n].imag))
        out.write(bytes(8 * 300))


def example(engine):
    # The gates have four soft bits, pilots of their own, and a carrier offset to a step of 2^-18 turns a sample.
    gates = engine == "rtl"
    near = 0.08 if gates else 0.05                       # the gates smooth the channel: up to 6 % off at its edges
    done = run("inspect", "annex", "--engine", engine, "--csv", "a", "--png", "a.png")
    head = next(csv.DictReader(done.stdout.splitlines()), {})
    check(f"{engine}: the example's rate, length and symbols", done.returncode == 0 and
          (head.get("rate_mbps"), head.get("length"), head.get("symbols")) == ("36", "100", "7"), done.stdout + done.stderr)
    check(f"{engine}: its time and carrier offset", abs(int(head["time"]) - 300) <= 1 and abs(int(head["cfo_hz"])) < 200, head)
    psdu = next(line.split("\t")[2] for line in (VECTORS / "annex_bits.tsv").read_text().splitlines()
                if line.startswith("psdu\t"))
    octets = bytes(int(r["octet"]) for r in table("a-octets.csv"))
    check(f"{engine}: its octets", octets.hex() == psdu)

    channel = {int(r["carrier"]): complex(float(r["re"]), float(r["im"])) for r in table("a-channel.csv")}
    level = [abs(h) for h in channel.values()]
    check(f"{engine}: 52 carriers of a flat channel", len(channel) == 52 and max(level) < 1.05 * min(level), (min(level), max(level)))
    mean = sum(h * h for h in level) / len(level)
    rows, fft = table("a-equalised.csv"), table("a-fft.csv")
    for symbol, name in ((0, "annex_signal_frequency.tsv"), (1, "annex_symbol1_frequency.tsv")):
        want = printed(name)
        mine = [r for r in rows if int(r["symbol"]) == symbol]
        got = {int(r["carrier"]): complex(float(r["re"]), float(r["im"])) * mean / abs(channel[int(r["carrier"])]) ** 2
               for r in mine}                            # the smoothed channel of the gates is not level at its edges
        worst = max(abs(got[k] - want[k]) for k in got)
        check(f"{engine}: symbol {symbol}, equalised: the printed points within {near}", len(got) == (48 if gates else 52) and worst < near, worst)
        turn = {int(r["carrier"]): float(r["phase"]) + int(r["carrier"]) * float(r["slope"]) for r in mine}
        raw = {int(r["carrier"]): complex(float(r["re"]), float(r["im"])) for r in fft if int(r["symbol"]) == symbol}
        worst = max(abs(raw[k] - want[k] * channel[k] * complex(math.cos(turn[k]), math.sin(turn[k]))) for k in got)
        check(f"{engine}: symbol {symbol}, transformed: those points through the channel told, turned by the phase told",
              worst < near * max(level), worst)
        soft = {(int(r["carrier"]), int(r["bit"])): int(r["soft"]) for r in table("a-soft.csv")
                if int(r["symbol"]) == symbol}
        signs = {(k, 0): want[k].real > 0 for k in want if want[k] and abs(k) not in (7, 21)}
        if symbol == 1:                                  # 16-QAM: bits of I, then of Q; the outer levels are 0
            signs |= {(k, 1): abs(want[k].real) < 0.6 for k, _ in list(signs)}
            signs |= {(k, 2): want[k].imag > 0 for k, b in list(signs) if b == 0}
            signs |= {(k, 3): abs(want[k].imag) < 0.6 for k, b in list(signs) if b == 0}
        check(f"{engine}: symbol {symbol}, demapped: {len(signs)} soft bits of the right signs",
              soft.keys() == signs.keys() and all((soft[at] > 0) == signs[at] and soft[at] != 0 for at in soft))
    data = pathlib.Path("a.png").read_bytes()
    check(f"{engine}: a picture of 1500 x 560", data[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", data[16:24]) == (1500, 560) and
          data[-8:-4] == b"IEND")


def recordings(engine):
    with open(VECTORS / "captures/frames.tsv") as file:
        known = [r for r in csv.DictReader(file, delimiter="\t") if r["file"] == "cable_36mbps.cs16"]
    path = VECTORS / "captures/cable_36mbps.cs16"
    for n in (0, 2, len(known) - 1):
        done = run("inspect", "--engine", engine, "--format", "cs16", "--frame", n, "--csv", "r", path)
        octets = bytes(int(r["octet"]) for r in table("r-octets.csv"))
        check(f"{engine}: frame {n} of a recording", done.returncode == 0 and octets.hex() == known[n]["psdu_hex"], done.stderr)
    done = run("inspect", "--engine", engine, "--format", "cs16", "--frame", 1000, path)
    check(f"{engine}: a frame that is not there", done.returncode == 1 and f"it has {len(known)}" in done.stderr, done.stderr)


def bad_files(engine):
    samples = pathlib.Path("annex").read_bytes()
    files = {"empty": b"", "odd": samples[:1001], "nan": samples[:800] + struct.pack("<ff", math.nan, 0) + samples[808:],
             "infinite": samples[:800] + struct.pack("<ff", 0, math.inf) + samples[808:], "cut": samples[:8 * 900],
             "noise": os.urandom(65536 * 4)}
    says = {"empty": "no frame found", "odd": "left over", "nan": "not a number", "infinite": "not a number",
            "cut": None, "noise": None}
    for name, data in files.items():
        pathlib.Path(name).write_bytes(data)
        done = run("inspect", name, "--engine", engine, "--format", "cs16" if name == "noise" else "cf32", "--csv", "x", "--png",
                   "x.png")
        good = done.returncode == 1 and (says[name] is None or says[name] in done.stderr)
        if name == "cut":                                # its last symbols are noise: told, with a bad FCS, or not at all
            good = done.returncode in (0, 1) and (done.returncode == 1 or ",0," in done.stdout)
        check(f"{engine}: {name}: a clear end", good and "skywave phy: " in done.stderr or done.returncode == 0, done.stderr)


def bad_arguments():
    for args in (["inspect"], ["inspect", "--engine", "hand", "annex"], ["inspect", "--frame", "-1", "annex"],
                 ["inspect", "--frame", "x", "annex"], ["inspect", "--bandwidth", "15", "annex"],
                 ["inspect", "--format", "wav", "annex"], ["inspect", "annex", "more"], ["inspect", "--csv"],
                 ["inspect", "--bogus", "annex"]):
        done = run(*args)
        check(f"refused: {' '.join(args)}", done.returncode == 2 and done.stderr and not done.stdout, done.stderr)
    for args in (["annex", "--csv", "none/x"], ["annex", "--png", "none/x.png"], ["none"], ["."]):
        done = run("inspect", *args)
        check(f"cannot be: inspect {' '.join(args)}", done.returncode == 1 and "skywave phy: " in done.stderr, done.stderr)


def gigabyte():
    with open("large", "wb") as out:
        out.seek((1 << 30) - 8 * 2000)
        out.write(pathlib.Path("annex").read_bytes())
    first = (1 << 30) // 8 - 2000 + 300
    done = run("inspect", "large", limit=True)
    time = done.stdout.splitlines()[1].split(",")[0] if done.returncode == 0 else ""
    check("inspect finds a frame at the end of a gigabyte, in 400 MB", time and abs(int(time) - first) <= 1, done.stderr)
    for engine in ("rtl", "soft"):
        done = run("decode", "--engine", engine, "large", limit=True)
        frames = [json.loads(line) for line in done.stdout.splitlines()]
        check(f"so does decode --engine {engine}", [f["length"] for f in frames] == [100] and
              abs(frames[0]["time"] - first) <= 1, done.stderr)


write_example()
for receiver in ("soft", "rtl"):
    example(receiver)
    recordings(receiver)
    bad_files(receiver)
bad_arguments()
gigabyte()
sys.exit(status())
