#!/usr/bin/env python3
"""One TCP flow from a client over RELAYS (default 3) to a server, a namespace each, joined by veth: forwarded by the
kernel, then through a TUN. BENCH_S is the length of a run in seconds (default 5). Needs root."""
import base64, hashlib, ipaddress, json, os, pathlib, socket, statistics, subprocess, sys, tempfile, time

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).absolute()
DAEMON = BUILD / "bin/skywaved"
RELAYS, SECONDS = int(os.environ.get("RELAYS", "3")), float(os.environ.get("BENCH_S", "5"))
SINK = """
import socket
s = socket.create_server(("::", 9000), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c, _ = s.accept()
    n = 0
    while x := c.recv_into(b := bytearray(1 << 20)): n += x
    c.sendall(str(n).encode())
    c.close()
"""
SOURCE = """
import socket, sys, time
s = socket.create_connection((sys.argv[1], 9000), timeout=30)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic") if len(sys.argv) > 3 else None
begin, data = time.monotonic(), bytes(1 << 18)
while time.monotonic() - begin < float(sys.argv[2]):
    s.sendall(data)
s.shutdown(1)
n = int(s.recv(100))
print(n * 8 / (time.monotonic() - begin) / 1e6)
"""
PING = """
import socket, struct, sys, time
family, proto, kind, skip = (10, 58, (128, 129), 0) if ":" in sys.argv[1] else (2, 1, (8, 0), 20)
s = socket.socket(family, socket.SOCK_RAW, proto)
s.settimeout(2)
for i in range(50):
    p = struct.pack(">BBHHH", kind[0], 0, 0, 7, i) + bytes(56)
    t = sum(struct.unpack(">32H", p))
    t = ~((t & 0xffff) + (t >> 16)) & 0xffff
    s.sendto(p if family == 10 else p[:2] + struct.pack(">H", t) + p[4:], (sys.argv[1], 0))
    sent = time.monotonic()
    while True:
        try: a = s.recv(2000)[skip:]
        except OSError: break
        if a[0] == kind[1] and a[4:8] == p[4:8]:
            print((time.monotonic() - sent) * 1e6)
            break
    time.sleep(0.02)
"""


class Space:
    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "3600"])
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        self.enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]
        self.run("ip", "link", "set", "lo", "up")
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1")

    def run(self, *args):
        return subprocess.run([*self.enter, *map(str, args)], check=True, capture_output=True, text=True).stdout


def build_line():
    line = [Space() for _ in range(RELAYS + 2)]
    for i, (a, b) in enumerate(zip(line, line[1:])):
        a.run("ip", "link", "add", "right", "type", "veth", "peer", "name", "left", "netns", b.holder.pid)
        for space, name, last in ((a, "right", 1), (b, "left", 2)):
            space.run("ip", "link", "set", name, "up")
            space.run("ip", "addr", "add", f"10.7.{i}.{last}/24", "dev", name)
    for i, space in enumerate(line):
        for net in range(RELAYS + 1):
            if net > i:
                space.run("ip", "route", "add", f"10.7.{net}.0/24", "via", f"10.7.{i}.2")
            elif net < i - 1:
                space.run("ip", "route", "add", f"10.7.{net}.0/24", "via", f"10.7.{i - 1}.1")
    return line


def flow(client, to):
    rate = float(client.run("python3", "-c", SOURCE, to, SECONDS))
    rtts = [float(x) for x in client.run("python3", "-c", PING, to).split()]
    return rate, statistics.median(rtts) if rtts else float("nan")


def start_nodes(folder, line):
    inis = [folder / f"{i}.ini" for i in range(len(line))]
    keys = []
    for i, ini in enumerate(inis):
        ini.write_text(f"[node]\nstate = {folder}/{i}\ncontrol = {folder}/{i}.sock\nlog = unusual\n[udp]\nlisten = 0.0.0.0:7000\n"
                       f"[path]\nrelays = {RELAYS}\n" + ("[tun]\ndevice = sky0\n" if i in (0, len(line) - 1) else ""))
        keys.append(subprocess.run([DAEMON, "--key", ini], capture_output=True, text=True, check=True).stdout.strip())
    for i in range(len(line) - 1):
        with open(inis[i], "a") as f:
            f.write(f"[peer next]\nkey = {keys[i + 1]}\naddress = 10.7.{i}.2:7000\n")
    return keys, [subprocess.Popen([*s.enter, str(DAEMON), str(ini)]) for s, ini in zip(line, inis)]


def known(folder):
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(f"{folder}/0.sock")
            s.sendall(b'{"command":"status"}\n')
            return json.loads(s.makefile().readline())["nodes_known"]
        except OSError:
            return 0


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    line, nodes = build_line(), []
    sink = subprocess.Popen([*line[-1].enter, "python3", "-c", SINK])
    try:
        time.sleep(0.5)
        tcp = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
        print(f"{len(line)} nodes in a row, veth, TCP {tcp}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        rate, rtt = flow(line[0], f"10.7.{RELAYS}.2")
        print(f"kernel forwarding   {rate:8.1f} Mb/s   round trip {rtt:8.0f} us", flush=True)
        with tempfile.TemporaryDirectory(prefix="skywave-") as folder:
            keys, nodes = start_nodes(pathlib.Path(folder), line)
            end = time.monotonic() + 30
            while known(folder) != len(line) and time.monotonic() < end:
                time.sleep(0.1)
            raw = base64.b32decode(keys[-1].upper() + "====")
            there = str(ipaddress.IPv6Address(b"\xfd" + hashlib.blake2b(b"skywave tun address" + raw, digest_size=32).digest()[:15]))
            line[0].run("python3", "-c", PING, there)  # builds the circuit
            before = [cpu(n.pid) for n in nodes]
            rate, rtt = flow(line[0], there)
            used = [cpu(n.pid) - b for n, b in zip(nodes, before)]
            print(f"skywave, TUN        {rate:8.1f} Mb/s   round trip {rtt:8.0f} us   "
                  f"processor seconds of each node: {' '.join(f'{u:.2f}' for u in used)}")
            for n in nodes:
                n.terminate()
                n.wait()
    finally:
        for p in [sink, *nodes, *(s.holder for s in line)]:
            p.kill()
            p.wait()


if os.geteuid() != 0:
    sys.exit("bench-net: network namespaces need root")
main()
