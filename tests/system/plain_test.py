#!/usr/bin/env python3
"""Two daemons over plain I/Q devices (driver=imitation, tests/soapy): with hardware time, without and half duplex,
and one device behind SoapyRemote, a driver of others'. A file crosses each time."""
import http.server, json, os, pathlib, signal, socket, subprocess, sys, tempfile, threading, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sim/demo"))
from community import BUILD, Quiet, free_port
import skw_tap
from skw_tap import check

DAEMON, SKYWAVE = BUILD / "bin/skywaved", BUILD / "bin/skywave"
ENV = dict(os.environ, SOAPY_SDR_PLUGIN_PATH=f"{BUILD}/testsoapy", SOAPY_SDR_LOG_LEVEL="ERROR")
TIMED = "slots = 2\nslot_us = 20000\nguard_us = 2000\nlead_us = 40000\nbeacon_ms = 200\n"
COARSE = "slots = 2\nslot_us = 300000\nguard_us = 100000\nlead_us = 60000\nbeacon_ms = 500\ndata_rate = 12\n"


class Pair:
    """alice and bob; bob serves a file."""

    def __init__(self, folder, devices, radio):
        folder.mkdir()
        self.folder, self.processes = folder, []
        self.socks = free_port()
        www = folder / "www"
        www.mkdir()
        (www / "file").write_bytes(os.urandom(3000))
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a, **k: Quiet(*a, directory=str(www), **k))
        threading.Thread(target=self.web.serve_forever, daemon=True).start()
        keys = {}
        for name, device, slot in zip(("bob", "alice"), devices, (0, 1)):
            text = f"[node]\nname = {name}\nstate = {folder / name}\ncontrol = {folder / name}.sock\n"
            text += f"[radio]\ndevice = {device}\nrate_hz = 5000000\nslot = {slot}\n{radio}[path]\nrelays = 0\n"
            if name == "bob":
                text += f"[service files]\ntarget = 127.0.0.1:{self.web.server_address[1]}\n"
            else:
                text += f"[socks]\nlisten = 127.0.0.1:{self.socks}\n[names]\nbob = {keys['bob']}\n"
            ini = folder / f"{name}.ini"
            ini.write_text(text)
            keys[name] = subprocess.run([DAEMON, "--key", ini], capture_output=True, text=True, env=ENV).stdout.strip()
            self.processes.append(subprocess.Popen([DAEMON, ini], stdin=subprocess.DEVNULL, env=ENV,
                                                   stderr=open(folder / f"{name}.log", "w")))

    def ask(self, name, *words):
        done = subprocess.run([SKYWAVE, *words, "--control", self.folder / f"{name}.sock", "--json"],
                              capture_output=True, text=True)
        return json.loads(done.stdout or "{}")

    def fetch(self, limit_s):
        out, end = self.folder / "out", time.monotonic() + limit_s
        while time.monotonic() < end:
            done = subprocess.run(["curl", "-sS", "--noproxy", "", "--max-time", "30", "--socks5-hostname",
                                   f"127.0.0.1:{self.socks}", "http://files.bob.sky/file", "-o", out],
                                  capture_output=True, text=True)
            if done.returncode == 0:
                return out.read_bytes() == (self.folder / "www/file").read_bytes()
            time.sleep(0.5)
        return False

    def end(self):
        """The exit statuses."""
        for p in self.processes:
            p.send_signal(signal.SIGTERM)
        self.web.shutdown()
        return [p.wait(20) for p in self.processes]


def exchange(what, folder, devices, radio):
    pair = Pair(folder, devices, radio)
    began = time.monotonic()
    good = pair.fetch(90)
    radios = [pair.ask(n, "status").get("radio") for n in ("alice", "bob")]
    logs = [(folder / f"{n}.log").read_text()[-1500:] for n in ("alice", "bob")]
    check(f"{what}: a file crosses, unchanged", good, (radios, logs))
    print(f"# {time.monotonic() - began:.1f} s; alice {radios[0]}")
    codes = pair.end()
    check(f"{what}: both end cleanly", codes == [0, 0], codes)


def imitation(air, seat, args):
    return f"driver=imitation,air={air},seat={seat},{args}"


def behind_soapy_remote(folder, air):
    """bob's device is served by SoapySDRServer; one side of the exchange knows it as driver=remote."""
    port = free_port()
    server = subprocess.Popen(["SoapySDRServer", f"--bind=127.0.0.1:{port}"], stdin=subprocess.DEVNULL,
                              env=dict(ENV, LD_PRELOAD=str(BUILD / "testsoapy/preload/no_avahi.so")),
                              stdout=open(folder / "server.log", "w"), stderr=subprocess.STDOUT)
    try:
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        remote = f"driver=remote,remote=tcp://127.0.0.1:{port},remote:driver=imitation,air={air},seat=0,time=1,rates=5e6,pace=0.2,loss=10"
        exchange("through SoapyRemote", folder / "remote", (remote, imitation(air, 1, "time=1,rates=5e6,pace=0.2,loss=10")), TIMED)
    finally:
        server.terminate()
        server.wait(10)


with tempfile.TemporaryDirectory(prefix="skywave-") as name:
    folder = pathlib.Path(name)
    airs = [pathlib.Path(f"/dev/shm/skw-plain-air-{os.getpid()}-{k}") for k in range(4)]
    try:
        args = "time=1,rates=8e6:16e6,pace=0.2,loss=10"
        exchange("hardware time, 8 MS/s", folder / "timed", (imitation(airs[0], 0, args), imitation(airs[0], 1, args + ",ppm=3")), TIMED)
        args = "time=0,late=0,half=1,narrow=1,rates=5e6,loss=10"
        exchange("no time, half duplex", folder / "coarse", (imitation(airs[1], 0, args), imitation(airs[1], 1, args)), COARSE)
        behind_soapy_remote(folder, airs[2])
    finally:
        for air in airs:
            air.unlink(missing_ok=True)
sys.exit(skw_tap.status())
