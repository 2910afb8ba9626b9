#!/usr/bin/env python3
"""skywave phy --trace: the VCD file, or FST, says what went in and came out, in the window asked for and nowhere else; GTKWave's
list names signals that are there; the traced radio decodes what the fast one does; bad arguments."""
import os, pathlib, random, re, resource, signal, struct, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
from skw_tap import check, status

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKYWAVE = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve() / "bin/skywave"
scratch = tempfile.TemporaryDirectory()
os.chdir(scratch.name)
random.seed(5)


def run(*args, data=None, program=SKYWAVE, **more):
    return subprocess.run([program, "phy", *map(str, args)], input=data, capture_output=True, timeout=300, **more)


def no_more_than_60_kb():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (61440, 61440))


class Vcd:
    """Signals by their full names, with widths; `samples(names)`: their values after each rising clock with `sample`."""

    def __init__(self, path):
        head, self.body = pathlib.Path(path).read_text().split("$enddefinitions $end")
        self.code, self.width, scope = {}, {}, []
        for words in (line.split() for line in head.splitlines()):
            if words[:1] == ["$scope"]:
                scope.append(words[2])
            elif words[:1] == ["$upscope"]:
                scope.pop()
            elif words[:1] == ["$var"]:
                name = ".".join(scope + [words[4]]) + (words[5] if words[5] != "$end" else "")
                self.code[name], self.width[name] = words[3], int(words[2])

    def samples(self, *names):
        top = "skywave.skywave_ticked.gates."
        clk, sample = self.code[top + "clk"], self.code[top + "sample"]
        codes = [self.code[top + n] for n in names]
        value, rows, before, strobe = {}, [], 0, 0
        for line in self.body.splitlines() + ["#end"]:
            if line.startswith("#"):
                if value.get(clk) == 1 and before == 0 and strobe:
                    rows.append(tuple(value[c] for c in codes))
                before, strobe = value.get(clk, 0), value.get(sample, 0)
            elif line.startswith("b"):
                bits, code = line[1:].split()
                value[code] = int(bits, 2)
            elif line[:1] in "01" and line:
                value[line[1:]] = int(line[0])
        return rows


def signed(v):
    return v - 65536 if v >= 32768 else v


def main():
    psdu = random.randbytes(60)
    plain = run("encode", "--engine", "rtl", "--rate", 24, "--fcs", "--format", "cs16", "--out", "iq", data=psdu)
    traced = run("encode", "--engine", "rtl", "--rate", 24, "--fcs", "--format", "cs16", "--out", "iq2", "--trace",
                 "tx.vcd", "--to", 500, data=psdu)
    check("the traced transmitter sends the same samples", plain.returncode == 0 and traced.returncode == 0 and
          pathlib.Path("iq").read_bytes() == pathlib.Path("iq2").read_bytes(), traced.stderr)
    samples = list(struct.iter_unpack("<hh", pathlib.Path("iq").read_bytes()))
    rows = Vcd("tx.vcd").samples("now[63:0]", "tx_i[15:0]", "tx_q[15:0]")
    sent = [(signed(i), signed(q)) for _, i, q in rows]
    start = next(k for k, s in enumerate(sent) if s != (0, 0))
    check("tx_i and tx_q in the trace are the file's samples", len(sent) > 300 and
          sent[start:] == samples[:len(sent) - start], (len(sent), start))

    decode = ["decode", "--engine", "rtl", "--format", "cs16", "iq"]
    fast, slow = run(*decode), run(*decode, "--trace", "rx.vcd", "--from", 400, "--to", 480)
    check("the traced receiver decodes the same frame", fast.returncode == 0 and b'"fcs_ok":true' in fast.stdout and
          slow.stdout == fast.stdout, slow.stderr)
    vcd = Vcd("rx.vcd")
    rows = vcd.samples("now[63:0]", "rx_i[15:0]", "rx_q[15:0]")
    check("it says what came in, from sample 400 up to 480", len(rows) >= 79 and all(400 <= t <= 480 for t, _, _ in rows) and
          all((signed(i), signed(q)) == samples[t - 1] for t, i, q in rows), rows[:2] + rows[-2:])
    slow = run(*decode, "--trace", "rx.fst", "--from", 400, "--to", 480)
    fst = pathlib.Path("rx.fst").read_bytes()
    times = [int(line[1:]) for line in vcd.body.splitlines() if line[:1] == "#"]
    # The header's block: type 0, its length, first and last time, order of bytes, memory, scopes, names, signals.
    kind, length, first, last, _, _, _, names, _ = struct.unpack(">BQQQ8sQQQQ", fst[:65])
    check("as FST: the same times, as many names, a fifth of the size", slow.stdout == fast.stdout and
          (kind, length) == (0, 329) and (first, last) == (times[0], times[-1]) and names == len(vcd.width) and
          len(fst) < os.path.getsize("rx.vcd") / 5 and pathlib.Path("rx.fst.gtkw").exists(), (fst[:65], times[0], times[-1]))
    check("no other file is left", sorted(f for f in os.listdir() if f.startswith("rx.")) ==
          ["rx.fst", "rx.fst.gtkw", "rx.vcd", "rx.vcd.gtkw"], os.listdir())
    save = pathlib.Path("rx.vcd.gtkw").read_text().splitlines()
    names = [line for line in save if line.startswith("skywave.")]
    missing = [n for n in names if n not in vcd.width or
               vcd.width[n] != (int(m[1]) + 1 if (m := re.search(r"\[(\d+):0\]$", n)) else 1)]
    check(f"each of {len(names)} signals in GTKWave's list is in the trace, as wide as it says",
          len(names) > 40 and not missing, missing)
    groups = [line[1:] for line in save if line.startswith("-")]
    check("they stand in groups that open and close", save[0] == '[dumpfile] "rx.vcd"' and len(groups) >= 12 and
          all(groups[k] == groups[k + 1] for k in range(0, len(groups), 2)), groups)

    for args in (["--trace", "x.vcd", "--engine", "soft", "iq"], ["--engine", "rtl", "--trace"],
                 ["--engine", "rtl", "--trace", "x.vcd", "--from", "9", "--to", "9", "iq"],
                 ["--engine", "rtl", "--trace", "x.vcd", "--from", "-1", "iq"],
                 ["--engine", "rtl", "--trace", "x.vcd", "--to", "soon", "iq"]):
        done = run("decode", *args)
        check(f"refused: decode {' '.join(args)}", done.returncode == 2 and done.stderr and not os.path.exists("x.vcd"),
              done.stderr)
    done = run(*decode, "--trace", "none/x.vcd")
    check("a file that cannot be", done.returncode == 1 and b"none/x.vcd" in done.stderr and not done.stdout, done.stderr)
    for name in ("short.vcd", "short.fst"):  # as on a disk that fills up in the end
        done = run(*decode, "--trace", name, preexec_fn=no_more_than_60_kb)
        check(f"{name} that is not written whole", done.returncode == 1 and name.encode() in done.stderr and done.stdout,
              done.stderr)
    os.link(SKYWAVE, "skywave") if os.stat(".").st_dev == os.stat(SKYWAVE).st_dev else \
        pathlib.Path("skywave").write_bytes(SKYWAVE.read_bytes())
    os.chmod("skywave", 0o755)
    done = run(*decode, "--trace", "x.vcd", program="./skywave")
    check("without the program that traces it says how to build it", done.returncode == 1 and b"make trace" in done.stderr,
          done.stderr)


main()
sys.exit(status())
