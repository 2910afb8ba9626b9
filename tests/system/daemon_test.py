#!/usr/bin/env python3
"""skywaved under the sanitizers, over UDP on loopback: configuration, control socket, streams, hostile input, clean ends."""
import http.server, json, os, pathlib, random, shutil, signal, socket, subprocess, sys, tempfile, threading, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sim/demo"))
from community import BUILD, Quiet, free_port
import skw_tap
from skw_tap import check

DAEMON = BUILD / "sanbin/skywaved"
SKYWAVE = BUILD / "bin/skywave"
ENV = dict(os.environ, ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1")


def run(*args):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=90, env=ENV)


class Node:
    def __init__(self, folder, name, extra=""):
        self.folder, self.name, self.extra = folder, name, extra
        self.udp, self.socks = free_port(), free_port()
        self.ini, self.control = folder / f"{name}.ini", folder / f"{name}.sock"
        self.process = None
        self.write([])
        self.key = run(DAEMON, "--key", self.ini).stdout.strip()

    def write(self, peers, names=()):
        text = f"[node]\nname = {self.name}\nstate = {self.folder / self.name}\ncontrol = {self.control}\n"
        text += f"names = {self.folder / self.name}.names\n"
        text += f"[udp]\nlisten = 127.0.0.1:{self.udp}\n[socks]\nlisten = 127.0.0.1:{self.socks}\n[path]\nrelays = 1\n"
        for p in peers:
            text += f"[peer {p.name}]\nkey = {p.key}\naddress = 127.0.0.1:{p.udp}\n"
        if names:
            text += "[names]\n" + "".join(f"{n.name} = {n.key}\n" for n in names)
        self.ini.write_text(text + self.extra)

    def start(self):
        self.log = open(self.folder / f"{self.name}.log", "a")
        self.process = subprocess.Popen([str(DAEMON), str(self.ini)], stderr=self.log, stdin=subprocess.DEVNULL, env=ENV)

    def ask(self, *command):
        return json.loads(run(SKYWAVE, *command, "--control", self.control, "--json").stdout or "{}")

    def stop(self):
        """The exit status; 0 also says that the sanitizers saw nothing, leaks included."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "did not end"
        self.log.close()
        return status


def wait(ready, limit_s=30):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.1)
    return False


def curl(node, url, *options):
    return run("curl", "-sS", "--noproxy", "", "--max-time", "45", "--socks5-hostname", f"127.0.0.1:{node.socks}", url, *options)


def configuration(folder):
    bad = folder / "bad.ini"
    bad.write_text("[node]\nnmae = x\n")
    done = run(DAEMON, "--check-config", bad)
    check("--check-config names file, line and key", done.returncode == 1 and f"{bad}:2: unknown key" in done.stderr, done)
    done = run(DAEMON, folder / "none.ini")
    check("a missing file is said so", done.returncode == 1 and "No such file" in done.stderr, done)
    check("no argument: usage and status 2", run(DAEMON).returncode == 2)
    (folder / "tangled.ini").write_text("\0\xff[[[=\n" * 50)
    check("a file that is no INI file is refused", run(DAEMON, folder / "tangled.ini").returncode == 1)
    done = run(SKYWAVE, "status", "--control", folder / "nobody.sock")
    check("skywave without a daemon says what to do", done.returncode == 1 and "is skywaved running" in done.stderr, done)
    check("skywave: unknown command, status 2", run(SKYWAVE, "fly").returncode == 2)
    check("skywave: unknown option, status 2", run(SKYWAVE, "status", "--fast").returncode == 2)


def garbage(node):
    """Datagrams and control lines that nobody should send."""
    rng = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(500):
            s.sendto(rng.randbytes(rng.randrange(1, 1500)), ("127.0.0.1", node.udp))
    for line in (b"\n", b"{}\n", b"[1,2]\n", b'{"command":7}\n', b'{"command":"fly"}\n', b'{"command":"ping"}\n', b'{"command":"trace","node":5}\n',
                 b'{"command":"speedtest","node":"bob","mib":-1}\n', b'{"command":"names","action":"add"}\n', b"x" * 5000, b"\xff\xfe\n"):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(str(node.control))
            try:
                s.sendall(line)
                s.recv(4096)
            except OSError:
                pass
    for words in (b"\x04\x01\x00P\x7f\0\0\1\0", b"\x05\x00", b"\x05\x01\x00\x05\x02\x00\x01\0\0\0\0\0\0", rng.randbytes(300)):
        with socket.create_connection(("127.0.0.1", node.socks)) as s:
            s.settimeout(5)
            try:
                s.sendall(words)
                s.recv(100)
            except OSError:
                pass


def bad_names(folder):
    ini, names = folder / "n.ini", folder / "names"
    ini.write_text(f"[node]\nstate = {folder / 'n'}\nnames = {names}\n[udp]\nlisten = 127.0.0.1:{free_port()}\n")
    for text, want in (("# a remark\nbob nokey\n", ":2: want PETNAME ADDRESS"), ("a.b x\n", ":1: a petname has"),
                       ("bob " + "a" * 52 + " more\n", ":1: want PETNAME ADDRESS"), ("x" * 64 + " y\n", ":1: a petname has")):
        names.write_text(text)
        done = run(DAEMON, ini)
        check(f"a bad file of petnames is refused: {text[-20:]!r}", done.returncode == 1 and want in done.stderr, done.stderr)


def petnames(alice, bob, relay):
    """By the command, and by an editor behind the daemon's back."""
    def ask(*words):
        return run(SKYWAVE, "names", *words, "--control", alice.control)

    check("a petname is added", bob.key in ask("add", "robert", bob.key).stdout)
    check("and used at once", curl(alice, "http://files.robert.sky/big", "-o", os.devnull).returncode == 0)
    rows = {r["name"]: r for r in alice.ask("names").get("names", [])}
    check("names are listed with where they are from", rows.get("robert") == {"name": "robert", "address": bob.key, "from": "file"} and
          rows.get("relay") == {"name": "relay", "address": relay.key, "from": "configuration"}, rows)
    file = alice.folder / "alice.names"
    file.write_text(file.read_text() + f"rob {bob.key} # the same\n")
    check("a line that an editor wrote counts without a restart", curl(alice, "http://files.rob.sky/big", "-o", os.devnull).returncode == 0)
    check("it is removed", "robert" not in ask("remove", "robert").stdout and "robert" not in file.read_text())
    check("then nobody is called so", curl(alice, "http://files.robert.sky/").returncode == 97)
    for words, status, want in ((("remove", "robert"), 1, "no such petname"), (("add", "x.y", bob.key), 1, "no dot"),
                                (("add", "x", "abc"), 1, "no address"), (("add", "x"), 2, "usage"), (("drop", "x"), 2, "usage")):
        done = ask(*words)
        check(f"names {' '.join(words)[:20]}: {want}", done.returncode == status and want in done.stderr, done)


def probes(alice, bob):
    done = alice.ask("ping", "bob", "--count", "3")
    check("ping: three of three", done.get("sent") == done.get("received") == 3 and 0 < done["least_us"] <= done["mean_us"] <= done["most_us"]
          and [r["sequence"] for r in done["replies"]] == [0, 1, 2], done)
    human = run(SKYWAVE, "ping", "bob", "--count", "2", "--control", alice.control)
    check("ping for people", human.returncode == 0 and "bob: 2 of 2 came back" in human.stdout and human.stdout.count("ms\n") == 3, human)
    done = alice.ask("trace", bob.key)
    hops = [[h["node"] for h in p["hops"]] for p in done.get("paths", [])]
    check("trace: our circuit, hop by hop", hops == [["relay", "bob"]] and
          all(h["rtt_us"] > 0 for h in done["paths"][0]["hops"]), done)
    human = run(SKYWAVE, "trace", "bob", "--control", alice.control)
    check("trace for people", human.returncode == 0 and "  1  relay " in human.stdout and "  2  bob " in human.stdout, human)
    done = alice.ask("speedtest", "bob", "--mib", "1")
    check("speedtest: a MiB up and one down", all(done.get(w, {}).get("bytes") == 1 << 20 and done[w]["kbps"] > 0 for w in ("up", "down"))
          and done.get("price_per_mib") == 100000, done)
    human = run(SKYWAVE, "speedtest", "bob", "--mib", "1", "--control", alice.control)
    check("speedtest for people", human.returncode == 0 and "Mb/s" in human.stdout and "SKY/MiB" in human.stdout, human)
    for words, status, want in ((("ping", "nobody"), 1, "no such node"), (("ping", "bob", "--count", "0"), 2, "whole number"),
                                (("trace", alice.key), 1, "that is this node"), (("trace",), 2, "usage"), (("ping", "bob", "--fast"), 2, "no option"),
                                (("speedtest", "bob", "--mib", "3"), 1, "serve_mib"), (("speedtest", "bob", "--mib", "2000"), 2, "whole number")):
        done = run(SKYWAVE, *words, "--control", alice.control)
        check(f"{' '.join(w[:12] for w in words)}: {want}", done.returncode == status and want in done.stderr, done)
    with socket.socket(socket.AF_UNIX) as s: # who asks and leaves before the answer
        s.connect(str(alice.control))
        s.sendall(b'{"command":"speedtest","node":"bob","mib":2}\n')
    check("and after somebody left in the middle", alice.ask("ping", "bob", "--count", "1").get("received") == 1)


HEAVY = ("SoapySDR", "volk", "liquid", "fftw", "stdc++", "curl")


def libraries(folder):
    """What only a radio or a remote ledger needs is loaded for them alone."""
    plain = BUILD / "bin/skywaved"
    ini = folder / "lean.ini"
    ini.write_text(f"[node]\nstate = {folder / 'lean'}\nlog = info\n[udp]\nlisten = 127.0.0.1:{free_port()}\n")
    with open(folder / "lean.log", "w") as log:
        process = subprocess.Popen([plain, ini], stderr=log)
    wait(lambda: "is up" in (folder / "lean.log").read_text())
    maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text()
    resident = int(pathlib.Path(f"/proc/{process.pid}/status").read_text().split("VmRSS:")[1].split()[0])
    process.terminate()
    process.wait(10)
    check("a node without a radio loads no library of one, nor libcurl", "libsodium" in maps and not any(f"lib{x}" in maps for x in HEAVY),
          [x for x in HEAVY if f"lib{x}" in maps])
    check("an idle node has at most 12 MiB resident", resident <= 12 * 1024, f"{resident} kB")

    for place, what in (("bin", "lib/skywave/radio.so"), ("elsewhere", "no folder named bin")):
        alone = folder / place / "skywaved"
        alone.parent.mkdir()
        shutil.copy(plain, alone)
        ini.write_text(f"[node]\nstate = {folder / 'lean'}\n[radio]\ndevice = driver=skywave\n")
        done = run(alone, ini)
        check(f"a radio without its module in .../{place} is an error that says where it was looked for",
              done.returncode == 1 and what in done.stderr, done)
    (folder / "lib/skywave").mkdir(parents=True)
    for name, library, what in (("no library", b"text", "radio.so"), ("another library", pathlib.Path(SODIUM).read_bytes(), "another version")):
        (folder / "lib/skywave/radio.so").write_bytes(library)
        done = run(folder / "bin/skywaved", ini)
        check(f"a module that is {name} is refused", done.returncode == 1 and what in done.stderr, done)


SODIUM = subprocess.run(["sh", "-c", f"ldd {BUILD}/bin/skywaved | sed -n 's/.*libsodium.* => \\([^ ]*\\) .*/\\1/p'"], capture_output=True,
                        text=True).stdout.strip()


def network(folder):
    web = folder / "www"
    web.mkdir()
    big = random.Random(2).randbytes(1 << 20)
    (web / "big").write_bytes(big)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *a, **k: Quiet(*a, directory=str(web), **k))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    bob = Node(folder, "bob", f"[service files]\ntarget = 127.0.0.1:{server.server_address[1]}\n"
               f"[service dead]\ntarget = 127.0.0.1:{free_port()}\n[speedtest]\nserve_mib = 2\n")
    relay, alice = Node(folder, "relay"), Node(folder, "alice")
    alice.write([relay], [bob, relay])
    relay.write([bob])
    nodes = [alice, relay, bob]
    out = folder / "out"
    try:
        for n in nodes:
            n.start()
        exercise(folder, out, nodes, big)
    finally:
        for n in nodes:
            if n.process and n.process.poll() is None:
                n.process.kill()
                n.process.wait()
        server.shutdown()


def exercise(folder, out, nodes, big):
    alice, relay, bob = nodes
    up = wait(lambda: all(n.ask("status").get("nodes_known") == 3 for n in nodes))
    check("three nodes over UDP know each other", up, [n.ask("status") for n in nodes])

    done = curl(alice, "http://files.bob.sky/big", "-o", out)
    check("1 MiB over one relay, unchanged", done.returncode == 0 and out.read_bytes() == big, done.stderr)
    jobs = [subprocess.Popen(["curl", "-sS", "--noproxy", "", "--max-time", "45", "--socks5-hostname",
                              f"127.0.0.1:{alice.socks}", "http://files.bob.sky/big", "-o", f"{out}{i}"]) for i in range(4)]
    codes = [j.wait() for j in jobs]
    check("four at once", codes == [0] * 4 and all(pathlib.Path(f"{out}{i}").read_bytes() == big for i in range(4)), codes)
    by_key = curl(alice, f"http://files.{bob.key}.sky/big", "-o", out)
    check("a node by its address instead of a petname", by_key.returncode == 0, by_key.stderr)

    check("a service whose target is dead is refused", curl(alice, "http://dead.bob.sky/").returncode == 97)
    check("an unknown petname is refused", curl(alice, "http://files.nobody.sky/").returncode == 97)
    check("a name of the open internet is refused: no exits here", curl(alice, "http://example.org/").returncode == 97)

    petnames(alice, bob, relay)
    probes(alice, bob)
    for n in nodes:
        garbage(n)
    check("after garbage at every door all still work", curl(alice, "http://files.bob.sky/big", "-o", out).returncode == 0)
    counted = bob.ask("status").get("link", {})
    check("garbage was counted", counted.get("garbage", 0) + counted.get("handshakes_bad", 0) + counted.get("forged", 0) > 0, counted)
    check("the human form prints", "peer" in run(SKYWAVE, "links", "--control", alice.control).stdout)
    pay = run(SKYWAVE, "pay", "--control", alice.control)
    check("pay without a ledger says so", pay.returncode == 1 and "mode = none" in pay.stderr, pay)

    relay.process.send_signal(signal.SIGKILL)
    relay.process.wait()
    relay.start()
    check("a relay is killed and comes back: the next file arrives",
          wait(lambda: curl(alice, "http://files.bob.sky/big", "-o", out).returncode == 0, 120))
    for n in nodes:
        status = n.stop()
        log = (folder / f"{n.name}.log").read_text()
        check(f"{n.name} ends cleanly, no sanitizer spoke", status == 0 and "Sanitizer" not in log, (status, log[-2000:]))


with tempfile.TemporaryDirectory(prefix="skywave-") as name:
    configuration(pathlib.Path(name))
    bad_names(pathlib.Path(name))
    libraries(pathlib.Path(name))
    network(pathlib.Path(name))
sys.exit(skw_tap.status())
