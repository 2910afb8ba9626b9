"""Network namespaces with a skywaved in each, for tests/system: needs root, iproute2 and the daemon under the sanitizers."""
import base64, hashlib, ipaddress, json, os, pathlib, signal, socket, subprocess, time
from skw_tap import check

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).absolute()
DAEMON, SKYWAVE = BUILD / "sanbin/skywaved", BUILD / "bin/skywave"
ENV = dict(os.environ, ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1")


def run(*args, **more):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=60, env=ENV, **more)


def wait(ready, limit_s=20):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.1)
    return False


class Space:
    """A network namespace of its own, held by a sleeping process."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "600"])
        wait(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        self.enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *args):
        done = run(*self.enter, *args)
        if done.returncode:
            raise RuntimeError(f"{args}: {done.stderr}")
        return done.stdout

    def end(self):
        self.holder.kill()
        self.holder.wait()


class Node:
    def __init__(self, folder, name, space, text):
        self.folder, self.name, self.space, self.text = folder, name, space, text
        self.ini, self.control = folder / f"{name}.ini", folder / f"{name}.sock"
        self.write("")
        self.key = run(DAEMON, "--key", self.ini).stdout.strip()

    def write(self, more):
        self.ini.write_text(f"[node]\nname = {self.name}\nstate = {self.folder / self.name}\ncontrol = {self.control}\n"
                            + self.text + more)

    def start(self):
        self.log = open(self.folder / f"{self.name}.log", "w")
        self.process = subprocess.Popen([*self.space.enter, str(DAEMON), str(self.ini)], stderr=self.log, env=ENV)

    def links(self):
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(str(self.control))
                s.sendall(b'{"command":"links"}\n')
                return json.loads(s.makefile().readline()).get("links", [])
            except OSError:
                return []

    def up(self, port, n=1):
        return sum(row["up"] and row["port"] == port for row in self.links()) == n

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        self.log.close()
        log = (self.folder / f"{self.name}.log").read_text()
        check(f"{self.name} ends cleanly, no sanitizer spoke", status == 0 and "Sanitizer" not in log, (status, log[-2000:]))


def cable(a, b, name_a="eth0", name_b="eth0"):
    a.run("ip", "link", "add", name_a, "type", "veth", "peer", "name", name_b, "netns", str(b.holder.pid))
    a.run("ip", "link", "set", name_a, "up")
    b.run("ip", "link", "set", name_b, "up")


def ask(node, command):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        try:
            s.connect(str(node.control))
            s.sendall(json.dumps({"command": command}).encode() + b"\n")
            return json.loads(s.makefile().readline())
        except OSError:
            return {}


def tun_address(key):
    """As docs/protocol.md has it, by another BLAKE2b."""
    raw = base64.b32decode(key.upper() + "====")
    return str(ipaddress.IPv6Address(b"\xfd" + hashlib.blake2b(b"skywave tun address" + raw, digest_size=32).digest()[:15]))


PING = """
import ipaddress, socket, struct, sys, time
there, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
v6 = ipaddress.ip_address(there).version == 6
front = 40 if v6 else 20
ask, answered, errors = (128, 129, (1, 2)) if v6 else (8, 0, (3,))
if v6:
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    s.setsockopt(socket.IPPROTO_IPV6, 62, 1)  # IPV6_DONTFRAG
else:
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    s.setsockopt(socket.IPPROTO_IP, 10, 3)  # IP_MTU_DISCOVER, IP_PMTUDISC_PROBE
s.settimeout(2)
for i in range(count):
    try:
        message = struct.pack(">BBHHH", ask, 0, 0, 7, i) + bytes(size - front - 8)
        if not v6:  # the kernel makes the sum of ICMPv6 only
            total = sum(struct.unpack(f">{len(message + bytes(len(message) % 2)) // 2}H", message + bytes(len(message) % 2)))
            total = (total & 0xffff) + (total >> 16)
            message = message[:2] + struct.pack(">H", ~(total + (total >> 16)) & 0xffff) + message[4:]
        s.sendto(message, (there, 0))
        sent = time.monotonic()
        while True:
            answer = s.recv(2000)[0 if v6 else 20:]
            kind, code, _, word = struct.unpack(">BBHI", answer[:8])
            if kind == answered and word == 7 << 16 | i and len(answer) == size - front:
                print("reply", round((time.monotonic() - sent) * 1e6))
            elif kind in errors:
                print("error", kind, code, word)
            else:
                continue
            break
    except OSError as e:
        print("failed", e)
"""


def echo(space, to, count, size):
    """Echo requests that are `size` bytes long with their header; a line for each: reply, error, failed."""
    return space.run("python3", "-c", PING, to, str(count), str(size)).split("\n")[:-1]


SPOOF = """
import socket, struct, sys
src, dst = (socket.inet_pton(socket.AF_INET6, x) for x in sys.argv[1:3])
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
for i in range(5):
    s.sendto(struct.pack(">IHBB", 0x60000000, 8, 59, 64) + src + dst + b"nobody's", ("sky0", 0x86dd, 0, 0, b""))
"""


def spoof(space, source, to):
    """Five IPv6 packets that the kernel of `space` hands to sky0, from whom one likes."""
    space.run("python3", "-c", SPOOF, source, to)
