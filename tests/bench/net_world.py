"""Network namespaces, links between them and skywaved inside them, for bench_net.py. Everything started here is ended
by World.close, each by its own process id; namespaces die with the process that holds them."""
import base64, hashlib, ipaddress, json, os, pathlib, re, shutil, socket, subprocess, tempfile, time

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).absolute()
DAEMON = os.environ.get("DAEMON", str(BUILD / "bin/skywaved"))
RUN_LIMIT_S = 120

# Argument: a file that gets a line every 50 ms, the time and the bytes taken so far from each address, or nothing.
# Takes one connection after another on port 9000 and answers with the bytes, the longest silence between two pieces
# of a stream in seconds, the stream's SHA-256 (port 9001 alone), and the bytes that were here after each tenth of a
# second. On port 9002 a stream ends with `the end`, for ways that know no half-closed connection.
SINK = """
import hashlib, json, socket, sys, threading, time
taken = {}
def sample(file):
    while True:
        time.sleep(0.05)
        now, sums = time.monotonic(), {}
        for (address, _), n in list(taken.items()): sums[address] = sums.get(address, 0) + n
        if sums: print(json.dumps([now, sums]), file=file, flush=True)
def serve(port):
    s = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
    while True:
        threading.Thread(target=take, args=(s.accept()[0], port), daemon=True).start()
def take(c, port):
    n, silence, hash, b, who = 0, 0, hashlib.sha256(), bytearray(1 << 20), c.getpeername()[:2]
    begin, last, tail, marks = None, None, b"", []
    while x := c.recv_into(b):
        now = time.monotonic()
        begin = begin or now
        while len(marks) < int((now - begin) * 10): marks.append(n)
        silence = max(silence, now - (last or now))
        last, n = now, n + x
        taken[who] = n
        if port == 9001: hash.update(memoryview(b)[:x])
        tail = (tail + b[max(0, x - 7):x])[-7:]
        if port == 9002 and tail == b"the end": break
    c.sendall(f"{n} {silence} {hash.hexdigest()} {','.join(map(str, [0, *marks]))}".encode())
    c.close()
if len(sys.argv) > 1: threading.Thread(target=sample, args=(open(sys.argv[1], "w"),), daemon=True).start()
for port in 9001, 9002: threading.Thread(target=serve, args=(port,), daemon=True).start()
serve(9000)
"""
# host, port, seconds, streams, SOCKS5 port or 0, congestion control or "": prints Mb/s as iperf3 does (what the receiver
# had when the time was over, by that time; what then waits in buffers does not count), longest silence, whether the
# hashes agree.
SOURCE = """
import hashlib, os, socket, struct, sys, threading, time
host, port, seconds, streams, socks = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
block = os.urandom(1 << 18)
def connect():
    if not socks:
        s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if sys.argv[6]: s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, sys.argv[6].encode())
        s.settimeout(60)
        s.connect((host, port))
        return s
    s = socket.create_connection(("127.0.0.1", socks), timeout=60)
    name = host.encode()
    s.sendall(b"\\5\\1\\0"); s.recv(2)
    s.sendall(b"\\5\\1\\0\\3" + bytes([len(name)]) + name + struct.pack(">H", port))
    if s.recv(10)[1] != 0: sys.exit("SOCKS5 refused")
    return s
rates = []
def flow():
    s, hash, sent = connect(), hashlib.sha256(), 0
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        s.sendall(block); sent += len(block)
        if port == 9001: hash.update(block)
    if port == 9002: s.sendall(b"the end"); sent += 7
    else: s.shutdown(1)
    n, silence, digest, marks = s.makefile().read().split()
    marks, end = [int(m) for m in marks.split(",")], int(seconds * 10)
    ok = int(n) == sent and (port != 9001 or digest == hash.hexdigest())
    count, took = (marks[end], end / 10) if end < len(marks) else (int(n), time.monotonic() - begin)
    rates.append((count * 8 / took / 1e6, float(silence), ok))
threads = [threading.Thread(target=flow) for _ in range(streams)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sum(r[0] for r in rates), max(r[1] for r in rates), len(rates) == streams and all(r[2] for r in rates))
"""
PING = """
import socket, struct, sys, time
family, proto, kind, skip = (10, 58, (128, 129), 0) if ":" in sys.argv[1] else (2, 1, (8, 0), 20)
s = socket.socket(family, socket.SOCK_RAW, proto)
s.settimeout(2)
for i in range(int(sys.argv[2])):
    p = struct.pack(">BBHHH", kind[0], 0, 0, 7, i) + bytes(56)
    t = sum(struct.unpack(">32H", p))
    t = ~((t & 0xffff) + (t >> 16)) & 0xffff
    sent = time.monotonic()
    s.sendto(p if family == 10 else p[:2] + struct.pack(">H", t) + p[4:], (sys.argv[1], 0))
    while True:
        try: a = s.recv(2000)[skip:]
        except OSError: break
        if a[0] == kind[1] and a[4:8] == p[4:8]:
            print((time.monotonic() - sent) * 1e3)
            break
    time.sleep(0.02)
"""


class Space:
    """A namespace; `world` ends the process that holds it."""

    def __init__(self, world):
        self.holder = world.start(["unshare", "-n", "sleep", "3600"])
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        self.enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]
        self.run("ip", "link", "set", "lo", "up")
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0")

    def run(self, *args, limit=RUN_LIMIT_S):
        done = subprocess.run([*self.enter, *map(str, args)], capture_output=True, text=True, timeout=limit)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, args))[:60]}: {done.stderr.strip()[-300:]}")
        return done.stdout


class World:
    def __init__(self):
        self.processes, self.spaces, self.joins = [], [], []
        self.folder = tempfile.TemporaryDirectory(prefix="skywave-")
        self.path = pathlib.Path(self.folder.name)
        self.emulator = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in reversed(self.processes):
            p.terminate()
        for p in reversed(self.processes):
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.folder.cleanup()

    def start(self, args, **more):
        self.processes.append(subprocess.Popen([*map(str, args)], **more))
        return self.processes[-1]

    def space(self):
        self.spaces.append(Space(self))
        return len(self.spaces) - 1

    def join(self, a, b, rate=None, delay=0, loss=0, queue=50, shape=None):
        """A link between spaces a and b: veth, or emulated if there is a rate (Mb/s; delay and queue in ms, loss in %
        each way); `shape`: veth behind a token bucket of so many Mb/s. Addresses 10.7.N.1 and .2."""
        n = len(self.joins)
        self.joins.append((a, b, rate, delay, loss, queue))
        if rate is None:
            self.spaces[a].run("ip", "link", "add", f"n{n}", "mtu", 1500, "type", "veth", "peer", "name", f"n{n}", "netns",
                               self.spaces[b].holder.pid)
            self.dress(n)
        for side in (a, b) if shape else ():
            self.spaces[side].run("tc", "qdisc", "add", "dev", f"n{n}", "root", "tbf", "rate", f"{shape}mbit", "burst", "256kb",
                                  "latency", "20ms")
        return n

    def dress(self, n):
        for side, last in ((self.joins[n][0], 1), (self.joins[n][1], 2)):
            self.spaces[side].run("ip", "link", "set", f"n{n}", "up")
            self.spaces[side].run("ip", "addr", "add", f"10.7.{n}.{last}/24", "dev", f"n{n}")

    def emulate(self):
        """Starts the emulator for all joins that have a rate."""
        wanted = [(n, j) for n, j in enumerate(self.joins) if j[2] is not None]
        self.emulator = self.start([BUILD / "bench/linkemu"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n, (a, b, rate, delay, loss, queue) in wanted:
            pids = self.spaces[a].holder.pid, self.spaces[b].holder.pid
            self.emulator.stdin.write(f"{pids[0]} n{n} {pids[1]} n{n} {rate} {delay} {loss} {queue}\n")
        self.order("start")
        if self.emulator.stdout.readline().strip() != f"ready {len(wanted)}":
            raise RuntimeError("linkemu did not start")
        for n, _ in wanted:
            self.dress(n)

    def order(self, text):
        self.emulator.stdin.write(text + "\n")
        self.emulator.stdin.flush()

    def route_line(self):
        """IPv4 routes along a row of spaces joined one to the next."""
        for i, space in enumerate(self.spaces):
            for net in range(len(self.joins)):
                if net > i:
                    space.run("ip", "route", "add", f"10.7.{net}.0/24", "via", f"10.7.{i}.2")
                elif net < i - 1:
                    space.run("ip", "route", "add", f"10.7.{net}.0/24", "via", f"10.7.{i - 1}.1")

    def hold(self, us):
        """Keeps all packets on veth between spaces back for so long each way, whole as they are (hold.c); False without iptables."""
        if not shutil.which("iptables-nft"):
            return False
        for space in self.spaces:
            space.run("iptables-nft", "-t", "mangle", "-A", "POSTROUTING", "-o", "n+", "-j", "NFQUEUE", "--queue-num", 1)
        holder = self.start([BUILD / "bench/hold", us, *(s.holder.pid for s in self.spaces)], stdout=subprocess.PIPE, text=True)
        if holder.stdout.readline().strip() != "ready":
            raise RuntimeError("hold did not start")
        return True

    def bare(self):
        """The address of the far end over bare_hop in every space of a row: as many wake-ups as the network has, and nothing
        done in them."""
        last = len(self.spaces) - 1
        for i, space in enumerate(self.spaces):
            before, after = f"10.7.{i - 1}.1", f"10.7.{i}.2"
            sides = (after, "bare0") if i == 0 else (before, "bare0") if i == last else (before, after)
            self.start([*space.enter, BUILD / "bench/bare_hop", 7100, *sides])
        for space, host in ((self.spaces[0], 1), (self.spaces[last], 2)):
            end = time.monotonic() + 5
            while "bare0" not in space.run("ip", "-o", "link") and time.monotonic() < end:
                time.sleep(0.02)
            space.run("ip", "addr", "add", f"10.8.0.{host}/24", "dev", "bare0")
            space.run("ip", "link", "set", "bare0", "up")
        return "10.8.0.2"

    def sink(self, at, *samples):
        self.start([*self.spaces[at].enter, "python3", "-c", SINK, *samples])
        time.sleep(0.5)

    def flow(self, at, to, seconds, port=9000, streams=1, socks=0, tcp=""):
        """Mb/s, longest silence in ms, stream intact."""
        rate, silence, ok = self.spaces[at].run("python3", "-c", SOURCE, to, port, seconds, streams, socks, tcp,
                                                limit=seconds + RUN_LIMIT_S).split()
        return float(rate), 1e3 * float(silence), ok == "True"

    def flow_start(self, at, to, seconds, port=9000, streams=1):
        return self.start([*self.spaces[at].enter, "python3", "-c", SOURCE, to, port, seconds, streams, 0, ""],
                          stdout=subprocess.PIPE, text=True)

    def ping(self, at, to, count=50):
        return sorted(float(x) for x in self.spaces[at].run("python3", "-c", PING, to, count).split())


class Nodes:
    """skywaved in the spaces of a world, a neighbour of each other wherever the world has a join."""

    def __init__(self, world, ends=(), relays=None, paths=1, shared=()):
        self.world, self.daemons = world, []
        inis = [world.path / f"{i}.ini" for i in range(len(world.spaces))]
        self.keys = []
        for i, ini in enumerate(inis):
            text = (f"[node]\nstate = {world.path}/{i}\ncontrol = {world.path}/{i}.sock\nlog = info\n[udp]\nlisten = 0.0.0.0:7000\n"
                    f"[path]\npaths = {paths}\nrelays = {relays}\n")
            if i in ends:
                text += "[tun]\ndevice = sky0\n[socks]\nlisten = 127.0.0.1:1080\n"
                text += "[service sink]\ntarget = 127.0.0.1:9000\n[service hashed]\ntarget = 127.0.0.1:9001\n"
            ini.write_text(text)
            self.keys.append(subprocess.run([DAEMON, "--key", ini], capture_output=True, text=True, check=True).stdout.strip())
        for n, (a, b, *_) in enumerate(world.joins):
            with open(inis[a], "a") as f:
                f.write(f"[peer n{n}]\nkey = {self.keys[b]}\naddress = 10.7.{n}.2:7000\n")
        for i, (space, ini) in enumerate(zip(world.spaces, inis)):
            with open(world.path / f"{i}.log", "w") as log:
                self.daemons.append(world.start([*space.enter, DAEMON, ini], stderr=log))
        self.wait(len(world.spaces))

    def ask(self, i, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(f"{self.world.path}/{i}.sock")
            s.sendall(json.dumps({"command": command}).encode() + b"\n")
            return json.loads(s.makefile().readline())

    def wait(self, count):
        end = time.monotonic() + 60
        for i in range(len(self.daemons)):
            while True:
                try:
                    if self.ask(i, "status")["nodes_known"] == count:
                        break
                except OSError:
                    pass
                if time.monotonic() > end:
                    raise RuntimeError(f"node {i} does not know {count} nodes")
                time.sleep(0.1)

    def address(self, i):
        raw = base64.b32decode(self.keys[i].upper() + "====")
        return str(ipaddress.IPv6Address(b"\xfd" + hashlib.blake2b(b"skywave tun address" + raw, digest_size=32).digest()[:15]))

    def service(self, name, i):
        return f"{name}.{self.keys[i]}.sky"

    def log(self, i):
        return (self.world.path / f"{i}.log").read_text()

    def build_ms(self, i):
        """How long each circuit took, from the log of its origin."""
        begun, took = {}, []
        for line in self.log(i).splitlines():
            m = re.match(r" *([\d.]+) \S+ +route: (building circuit|circuit) (\d+) (over|is up)", line)
            if m and m[2] == "building circuit":
                begun[m[3]] = float(m[1])
            elif m and m[3] in begun and m[4] == "is up":
                took.append(1e3 * (float(m[1]) - begun[m[3]]))
        return took

    def resident_mib(self, i):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.pid(i)}/status").read_text())[1]) / 1024

    def pid(self, i):
        return self.daemons[i].pid  # nsenter becomes the program

    def cpu_s(self, i):
        fields = pathlib.Path(f"/proc/{self.pid(i)}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
