#!/usr/bin/env python3
"""skywave monitor: recorded frames as JSON and as a capture with radiotap, read back here by the radiotap fields' table and,
where it is installed, by tshark; a live device (driver=imitation) with a daemon's beacons on it; waterfall; wrong use."""
import json, math, os, pathlib, shutil, signal, struct, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sim/demo"))
from community import BUILD
import skw_tap
from skw_tap import check

SKYWAVE, DAEMON = BUILD / "bin/skywave", BUILD / "bin/skywaved"
ENV = dict(os.environ, SOAPY_SDR_PLUGIN_PATH=f"{BUILD}/testsoapy", SOAPY_SDR_LOG_LEVEL="ERROR")
CAPTURES = ROOT / "tests/vectors/ofdm/captures"


def monitor(*args, **more):
    return subprocess.run([str(SKYWAVE), "monitor", *map(str, args)], capture_output=True, text=True, timeout=60, env=ENV, **more)


def expected(name):
    """(rate, length, fcs, psdu) of a recording's frames."""
    rows = [line.split("\t") for line in (CAPTURES / "frames.tsv").read_text().splitlines()[1:]]
    return [(int(r[2]), int(r[3]), r[4] == "1", r[7]) for r in rows if r[0] == name]


def read_pcap(data):
    """Packets as dictionaries; asserts what a reader of pcap and radiotap relies on."""
    magic, major, minor, _, _, snap, link = struct.unpack_from("<IHHiIII", data)
    assert (magic, major, minor, link) == (0xA1B23C4D, 2, 4, 127) and snap >= 4095 + 24
    at, packets = 24, []
    while at < len(data):
        s, ns, have, full = struct.unpack_from("<IIII", data, at)
        version, _, length, present = struct.unpack_from("<BBHI", data, at + 16)
        assert have == full and version == 0 and present == 0b1101111 and ns < 10**9
        tsft, flags, rate, mhz, channel, signal, noise = struct.unpack_from("<QBBHHbb", data, at + 24)
        assert length == 8 + struct.calcsize("<QBBHHbb")
        packets.append(dict(ns=s * 10**9 + ns, tsft=tsft, flags=flags, rate=rate / 2, mhz=mhz, channel=channel, signal=signal,
                            noise=noise, frame=data[at + 16 + length:at + 16 + have]))
        at += 16 + have
    assert at == len(data)
    return packets


def recordings(folder):
    for name in ("cable_6mbps.cs16", "cable_48mbps.cs16"):
        frames, pcap = expected(name), folder / "out.pcap"
        done = monitor(CAPTURES / name, "--format", "cs16", "--json", "--pcap", pcap, "--frequency", "2437", "--full-scale", "-20")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        seen = [(round(x["rate_mbps"]), x["length"], x["fcs_ok"], x["psdu"]) for x in lines]
        check(f"{name}: every frame as JSON", seen == frames and done.returncode == 0, done.stderr)
        packets = read_pcap(pcap.read_bytes())
        check("and in the capture, byte for byte", [p["frame"].hex() for p in packets] == [f[3] for f in frames])
        check("with rate and FCS", all(p["rate"] == f[0] and p["flags"] == (0x10 if f[2] else 0x50) for p, f in zip(packets, frames)))
        check("channel, signal, noise", all(p["mhz"] == 2437 and p["channel"] == 0x00C0 and abs(p["signal"] - (x["rssi_db"] - 20)) <= 0.51
                                            and abs(p["signal"] - p["noise"] - x["snr_db"]) <= 1.01 for p, x in zip(packets, lines)))
        check("and time", all(abs(p["ns"] - x["time_ns"]) < 2000 and p["tsft"] == max(p["ns"], 0) // 1000 for p, x in zip(packets, lines)))
        table = monitor(CAPTURES / name, "--format", "cs16", "--bandwidth", "5", "--pcap", pcap)
        check("a table of one line each, in a channel of 5 MHz at a quarter of the rate",
              len(table.stdout.splitlines()) == len(frames) + 1 and [p["rate"] for p in read_pcap(pcap.read_bytes())]
              == [math.floor(f[0] / 2) / 2 for f in frames] and read_pcap(pcap.read_bytes())[0]["channel"] == 0x8140)


def bad_fcs(folder):
    """A frame whose last four bytes are no FCS."""
    iq, pcap = folder / "bad.cf32", folder / "bad.pcap"
    subprocess.run([str(SKYWAVE), "phy", "encode", "--engine", "soft", "--rate", "24", "--out", str(iq)], input=b"\x08\x00" + bytes(98),
                   capture_output=True, check=True)
    iq.write_bytes(bytes(8 * 400) + iq.read_bytes() + bytes(8 * 400))
    monitor(iq, "--pcap", pcap)
    packets = read_pcap(pcap.read_bytes())
    check("a wrong FCS is flagged", len(packets) == 1 and packets[0]["flags"] == 0x50, packets)
    if shutil.which("tshark") is None:
        print("# no tshark here: its reading is not compared")
        return
    fields = ["radiotap.datarate", "radiotap.channel.freq", "radiotap.dbm_antsignal", "radiotap.flags.badfcs", "radiotap.channel.flags.ofdm"]
    monitor(CAPTURES / "cable_24mbps.cs16", "--format", "cs16", "--pcap", folder / "t.pcap")
    for path, bad in ((folder / "t.pcap", "0"), (pcap, "1")):
        packets = read_pcap(path.read_bytes())
        done = subprocess.run(["tshark", "-r", str(path), "-T", "fields", *sum((["-e", f] for f in fields), [])], capture_output=True, text=True)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        check(f"tshark reads rate, channel, signal and FCS flag ({path.name})",
              rows == [[f"{p['rate']:g}", str(p["mhz"]), str(p["signal"]), bad, "1"] for p in packets], (rows[:2], done.stderr))


def live(folder):
    air = pathlib.Path(f"/dev/shm/skw-monitor-air-{os.getpid()}")
    device = f"driver=imitation,air={air},time=1,rates=8e6,pace=0.3,seat="
    ini, log = folder / "node.ini", open(folder / "node.log", "w")
    ini.write_text(f"[node]\nname = n\nstate = {folder}/n\n[radio]\ndevice = {device}0\nrate_hz = 5000000\nslots = 2\n"
                   "slot_us = 20000\nguard_us = 2000\nlead_us = 40000\nbeacon_ms = 40\n")
    daemon = subprocess.Popen([str(DAEMON), str(ini)], env=ENV, stderr=log, stdin=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        done = monitor("--device", device + "1", "--bandwidth", "5", "--seconds", "4", "--count", "5", "--json", "--pcap", folder / "live.pcap")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        check("beacons of a daemon, live", done.returncode == 0 and len(lines) == 5 and all(x["fcs_ok"] for x in lines),
              (done.stdout[-500:], done.stderr, (folder / "node.log").read_text()))
        check("in the capture as well", [p["frame"].hex() for p in read_pcap((folder / "live.pcap").read_bytes())] == [x["psdu"] for x in lines])
        done = monitor("--device", device + "1", "--bandwidth", "5", "--seconds", "0.6", "--waterfall", "--gain", "10")
        spectrum = [line for line in done.stdout.splitlines() if line.endswith("dBFS") and len(line) > 64 and line[64] == "|"]
        check("a waterfall of some lines, with the channel in its middle", 3 <= len(spectrum) <= 7
              and any(line[32 - 20:32].strip() for line in spectrum), done.stdout)
        running = subprocess.Popen([str(SKYWAVE), "monitor", "--device", device + "2", "--bandwidth", "5"], env=ENV,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(1.0)
        running.send_signal(signal.SIGINT)
        check("Ctrl-C ends it with its summary", "with a good FCS" in running.communicate(timeout=20)[1] and running.returncode == 0)
    finally:
        daemon.terminate()
        daemon.wait(20)
        air.unlink(missing_ok=True)


def wrong_use(folder):
    for args, status, words in ((["--fly"], 2, "no option"), ([], 2, "FILE"), (["a", "--device", "b"], 2, "FILE"),
                                (["x", "--bandwidth", "7"], 2, "5, 10 or 20"), (["x", "--gain", "much"], 2, "--gain"),
                                (["x", "--format", "mp3"], 2, "cf32"), ([folder / "none"], 1, "No such file"),
                                (["--device", "driver=none"], 1, "device"), ([folder, "--format", "cs16"], 1, "directory")):
        done = monitor(*args)
        check(f"refused: {' '.join(map(str, args))[-40:]}", done.returncode == status and words in done.stderr, (done.returncode, done.stderr))
    odd = folder / "odd.cf32"
    odd.write_bytes(bytes(801))
    check("a file cut anywhere is said so", "left over" in monitor(odd).stderr)
    odd.write_bytes(struct.pack("<200f", *[float("nan")] * 200))
    check("and one with what is no number", "not a number" in monitor(odd).stderr)
    done = monitor(CAPTURES / "cable_6mbps.cs16", "--format", "cs16", "--pcap", "/dev/full")
    check("a capture that cannot be written is an error", done.returncode == 1 and "/dev/full" in done.stderr, done.stderr)


with tempfile.TemporaryDirectory(prefix="skywave-") as name:
    recordings(pathlib.Path(name))
    bad_fcs(pathlib.Path(name))
    live(pathlib.Path(name))
    wrong_use(pathlib.Path(name))
sys.exit(skw_tap.status())
