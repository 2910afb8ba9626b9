#!/usr/bin/env python3
"""skywave phy decode and monitor on recordings of air that this project did not make: another transmitter (ofdm_air.py) with
amplifier, clocks and other standards' frames; receivers' gain; sample rates, centres and formats of recorders; SigMF."""
import json, os, pathlib, random, struct, subprocess, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import ofdm_air as air
import skw_tap
from skw_tap import check

SKYWAVE = str(pathlib.Path(os.environ.get("BUILD", "build")).resolve() / "bin/skywave")
CHANNEL, FAST = 20e6, 20e6 * air.OVER
random.seed(4)


class Scene:
    """What is on the air, at FAST; `want`: rate, octets and first sample (at CHANNEL) of every frame to be received."""
    def __init__(self):
        self.samples, self.want = [0j] * 2000, []

    def add(self, samples, db=0.0, gap_us=16.0, hz=0.0):
        at, gain = len(self.samples), 10 ** (db / 20)
        self.samples += [gain * x for x in (air.shift(samples, hz, FAST) if hz else samples)] + [0j] * int(gap_us * 20 * air.OVER)
        return at

    def frame(self, rate, length=60, through=lambda x: x, more={}, **place):
        psdu = air.with_fcs(random.randbytes(length - 4))
        at = self.add(through(air.frame(psdu, rate, seed=random.randint(1, 127), **more)), **place)
        self.want.append((rate, psdu.hex(), at / air.OVER))

    def heard(self, rate=CHANNEL, noise_db=-28):
        """As a receiver samples it, with noise that much below a frame in the channel."""
        sigma = 10 ** (noise_db / 20) * (rate / CHANNEL / 2) ** 0.5
        return [x + complex(random.gauss(0, sigma), random.gauss(0, sigma)) for x in air.receive(self.samples + [0j] * 800, rate, FAST, 12)]


def clip(samples, most):
    cut = lambda v: max(-most, min(most, v))
    return [complex(cut(x.real), cut(x.imag)) for x in samples]


def pack(samples, form, level=0.1):
    flat = [level * v for x in samples for v in (x.real, x.imag)]
    if form == "cf32":
        return struct.pack(f"<{len(flat)}f", *flat)
    scale, code, low, high, middle = {"cs16": (32768, "h", -32768, 32767, 0), "cs8": (128, "b", -128, 127, 0), "cu8": (128, "B", 0, 255, 127.5)}[form]
    return struct.pack(f"<{len(flat)}{code}", *(max(low, min(high, round(v * scale + middle))) for v in flat))


def run(*args):
    return subprocess.run([SKYWAVE, *map(str, args)], capture_output=True, text=True, timeout=60)


def decode(path, *args, engine="soft"):
    done = run("phy", "decode", "--engine", engine, *args, path)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def expect(what, scene, got, strict=True, timed=True):
    """Every frame, in order, on time; and, if strict, nothing else."""
    frames, errors = got
    good = [f for f in frames if f["fcs_ok"]]
    same = [(f["rate_mbps"], f["psdu"]) for f in good] == [w[:2] for w in scene.want] and (len(good) == len(frames) or not strict)
    late = [round(f["time"] - w[2], 1) for f, w in zip(good, scene.want)] if timed else []
    check(what, same and all(abs(t) <= 4 for t in late), (len(frames), len(good), len(scene.want), late, errors))


def every_rate(folder):
    scene, path = Scene(), folder / "rates"
    for rate in air.MODES:
        scene.frame(rate, more=dict(service=random.getrandbits(9) << 7), hz=random.uniform(-2e5, 2e5))
    for rate in (6, 54):
        scene.frame(rate, 14, more=dict(short=96))
        scene.want[-1] = scene.want[-1][:2] + (scene.want[-1][2] - 64,)  # time is that of a whole preamble
    scene.frame(9, more=dict(reserved=1))
    samples = scene.heard()
    path.write_bytes(pack(samples, "cs16"))
    expect("every rate, any seed, reserved bits set, short symbols cut short", scene, decode(path, "--format", "cs16"))
    scene.want = scene.want[:8]  # the gates refuse a reserved bit, and look for long symbols in 71 places
    got, errors = decode(path, "--format", "cs16", engine="rtl")
    expect("the same through the gates", scene, (got[:8], errors))


def amplifiers(folder):
    scene, path = Scene(), folder / "amplifier"
    for rate, backoff, p in ((6, 0, 3), (12, 0, 2), (24, 0, 3), (24, 0, 2), (36, 0, 3), (48, 0, 2), (48, 2, 3), (54, 0, 3), (54, 1, 2), (54, 4, 2)):
        scene.frame(rate, 100, lambda x: air.amplify(x, backoff, p))
    path.write_bytes(pack(scene.heard(), "cf32"))
    expect("amplifiers after Rapp, saturated 0 to 4 dB above the mean", scene, decode(path))


def foreigners(folder):
    scene, path = Scene(), folder / "foreign"
    for kind in ("n", "ac", "ax"):
        scene.add(air.foreign(kind, 12, random))
        scene.frame(random.choice(list(air.MODES)))
        scene.add([10 ** (random.choice((-10, 10)) / 20) * x for x in air.chips(800, random)])
        scene.frame(random.choice(list(air.MODES)))
    path.write_bytes(pack(scene.heard(), "cs16", 0.03))
    expect("802.11n, ac, ax and b between frames: slept through", scene, decode(path, "--format", "cs16"))
    got, errors = decode(path, "--format", "cs16", engine="rtl")
    expect("and not told of as good by the gates", scene, (got, errors), strict=False)


def gains(folder):
    scene, path = Scene(), folder / "gain"
    for rate in (6, 54, 24, 48):
        scene.frame(rate)
        scene.frame(6 if rate < 24 else 24, 14, db=random.choice((-20, 10)), gap_us=30)
    samples = scene.heard(noise_db=-45)
    for _, _, at in scene.want[::2]:  # each pair comes with 30 dB too much, until 4 us after its begin
        for n in range(int(at) - 400, int(at) + 80):
            samples[n] *= 31
    path.write_bytes(pack(clip(samples, 4), "cs16"))
    expect("gain 30 dB too high for 4 us, answers after 16 us at -20 and 10 dB", scene, decode(path, "--format", "cs16"))


def clocks(folder):
    for ppm in (-40, 40):
        scene, path = Scene(), folder / "clock"
        for rate in (6, 24, 54):
            scene.frame(rate, 200, hz=5.9e9 * ppm * 1e-6)
        path.write_bytes(pack(scene.heard(CHANNEL * (1 + ppm * 1e-6)), "cs16"))
        expect(f"carrier and clock {ppm} ppm off, locked", scene, decode(path, "--format", "cs16"))


def recorders(folder):
    for rate, centre, form in ((25e6, 2e6, "cf32"), (30.72e6, -3e6, "cs16"), (40e6, 9e6, "cs8"), (18e6, 0, "cu8")):
        scene, path = Scene(), folder / "recorder"
        for mbps in (6, 24, 36):
            scene.frame(mbps)
        scene.samples = air.shift(scene.samples, -centre, FAST)
        path.write_bytes(pack(scene.heard(rate), form))
        options = ("--format", form, "--sample-rate", rate / 1e6, "--offset", -centre / 1e6)
        expect(f"{form} at {rate / 1e6:g} MS/s, centre {centre / 1e6:g} MHz off", scene, decode(path, *options))
    gates, errors = decode(path, *options, engine="rtl")
    expect("the last one through the gates", scene, (gates, errors))


def constants(folder):
    """Recorders with a constant 10 dB above the frames: in the channel's middle, and inside a channel that is not in the file's."""
    for rate, centre, form in ((20e6, 0, "cs16"), (40e6, 6e6, "cs8")):
        scene, path = Scene(), folder / "constant"
        scene.samples += [0j] * 20000
        for mbps in (6, 24, 54):
            scene.frame(mbps)
        scene.samples = air.shift(scene.samples, -centre, FAST)
        path.write_bytes(pack([x + 3.16j for x in scene.heard(rate)], form, 0.17))
        options = ("--format", form, "--sample-rate", rate / 1e6, "--offset", -centre / 1e6)
        expect(f"{form}: a constant 10 dB above the frames, {centre / 1e6:g} MHz beside the channel's middle", scene, decode(path, *options))


def ends(folder):
    for missing in (0, 8, 16):
        scene, path = Scene(), folder / "end"
        scene.frame(36)
        scene.frame(54, gap_us=0)
        samples = scene.heard()[:(len(scene.samples) - 8) // 4 - missing]
        path.write_bytes(pack(samples, "cs16"))
        expect(f"a recording that ends {missing} samples before the last frame does", scene, decode(path, "--format", "cs16"))


def converters(folder):
    scene, path = Scene(), folder / "clipped"
    for mbps, length in ((24, 100), (36, 200), (48, 400), (54, 400)):
        scene.frame(mbps, length)
    path.write_bytes(pack(clip(scene.heard(), 1.12), "cs16", 1 / 1.12))  # parts at 4 dB above the rms of theirs
    expect("a converter clipped 4 dB above the mean", scene, decode(path, "--format", "cs16"))


def sigmf(folder):
    scene, data, meta = Scene(), folder / "s.sigmf-data", folder / "s.sigmf-meta"
    for mbps in (12, 24):
        scene.frame(mbps)
    scene.samples = air.shift(scene.samples, -6e6, FAST)  # the channel at 5180 MHz, the recording's centre at 5186
    data.write_bytes(pack(scene.heard(40e6), "cs16"))
    told = {"global": {"core:datatype": "ci16_le", "core:sample_rate": 40e6, "core:version": "1.0.0"},
            "captures": [{"core:sample_start": 0, "core:frequency": 5.186e9}], "annotations": []}
    meta.write_text(json.dumps(told))
    expect("SigMF by its metadata", scene, decode(meta, "--offset", "-6"))
    done = run("monitor", data, "--frequency", "5180", "--json", "--pcap", folder / "s.pcap")
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    expect("and by its data and --frequency", scene, (frames, done.stderr), timed=False)
    check("times in ns", all(abs(f["time_ns"] / 50 - w[2]) <= 4 for f, w in zip(frames, scene.want)), frames)
    run("monitor", data, "--offset", "-6", "--pcap", folder / "o.pcap")
    check("the capture has the channel's frequency, not the recording's", (folder / "o.pcap").read_bytes()[42:] == (folder / "s.pcap").read_bytes()[42:]
          and struct.unpack_from("<H", (folder / "s.pcap").read_bytes(), 24 + 16 + 8 + 8 + 2)[0] == 5180)
    for change, words in (({"core:datatype": "ci16_be"}, "ci16_be"), ({"core:num_channels": 2}, "num_channels"), ({"core:datatype": None}, "missing"),
                          ({"core:sample_rate": 1e6}, "sample rate does not suit")):
        meta.write_text(json.dumps(told | {"global": told["global"] | change}))
        check(f"refused: {change}", words in decode(meta)[1] and run("monitor", meta).returncode == 1, decode(meta)[1])
    meta.write_text('{"global": [}')
    check("metadata that is no JSON", "metadata, line 1" in decode(meta)[1], decode(meta)[1])
    meta.unlink()
    check("no metadata", "metadata" in decode(data)[1], decode(data)[1])
    check("an archive", "tar" in decode(folder / "x.sigmf")[1], decode(folder / "x.sigmf")[1])
    for option, value in (("--sample-rate", "fast"), ("--sample-rate", "0"), ("--offset", "nan"), ("--format", "cs12")):
        check(f"refused: {option} {value}", run("phy", "decode", "--engine", "soft", option, value, data).returncode == 2
              and run("monitor", option, value, data).returncode == 2)
    check("a channel outside the recording", "outside" in run("phy", "decode", "--engine", "soft", "--offset", "30", data.with_name("gain")).stderr)


with tempfile.TemporaryDirectory(prefix="skywave-") as name:
    for part in (every_rate, amplifiers, foreigners, gains, clocks, recorders, constants, ends, converters, sigmf):
        part(pathlib.Path(name))
sys.exit(skw_tap.status())
