#!/usr/bin/env python3
"""One flow over many paths: a user with four neighbours, each with a narrow line of its own to the same node.

   user ==== relay 1..4 ---- 6 Mb/s each ---- server        three namespaces, daemons under the sanitizers
"""
import hashlib, os, pathlib, shutil, subprocess, sys, tempfile, threading, time
import skw_tap
from skw_space import Node, Space, ask, cable, tun_address, wait
from skw_tap import check

PATHS, MBIT = 4, 2
SIZE = 700_000


def fetch(space, port, url):
    """Bytes and seconds of one download through SOCKS5."""
    start = time.monotonic()
    done = subprocess.run([*space.enter, "curl", "-sS", "--noproxy", "", "--max-time", "40", "--socks5-hostname",
                           f"127.0.0.1:{port}", url], capture_output=True, timeout=60)
    return done.stdout, time.monotonic() - start, done.stderr


SINK = """
import hashlib, socket
s = socket.create_server(("::", 9000), family=socket.AF_INET6)
c, _ = s.accept()
h = hashlib.sha256()
while x := c.recv(65536): h.update(x)
c.sendall(h.digest())
"""

SOURCE = """
import socket, sys, time
data = open(sys.argv[2], "rb").read()
s = socket.create_connection((sys.argv[1], 9000), timeout=30)
start = time.monotonic()
s.sendall(data)
s.shutdown(1)
print(s.recv(32).hex(), time.monotonic() - start)
"""


def through_tun(near, far, there, path):
    """SHA-256 of what came, and seconds, of one TCP flow."""
    server = subprocess.Popen([*far.enter, "python3", "-c", SINK])
    wait(lambda: ":9000" in far.run("ss", "-tln"))
    try:
        digest, seconds = near.run("python3", "-c", SOURCE, there, path).split()
        return digest, float(seconds)
    finally:
        server.kill()
        server.wait()


def used(node):
    return [row for row in ask(node, "circuits").get("circuits", []) if row["state"] == "in use"]


def shares(node, what):
    return {row["circuit"]: row[what] for row in used(node)}


def narrow(space, device):
    space.run("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", f"{MBIT}mbit", "burst", "8kb", "latency", "50ms")


def net(folder, near, middle, far):
    relays = []
    for i in range(1, PATHS + 1):
        cable(near, middle, f"n{i}", f"n{i}")
        cable(middle, far, f"f{i}", f"f{i}")
        for space, device, address in ((near, f"n{i}", f"10.1.{i}.1"), (middle, f"n{i}", f"10.1.{i}.2"),
                                       (middle, f"f{i}", f"10.2.{i}.1"), (far, f"f{i}", f"10.2.{i}.2")):
            space.run("ip", "addr", "add", f"{address}/24", "dev", device)
        narrow(middle, f"f{i}")
        narrow(far, f"f{i}")
        relays.append(Node(folder, f"relay{i}", middle, f"[udp]\nlisten = 0.0.0.0:{7000 + i}\n"))
    peers = lambda net: "".join(f"[peer relay{i}]\nkey = {r.key}\naddress = 10.{net}.{i}.{'2' if net == 1 else '1'}:{7000 + i}\n"
                                for i, r in enumerate(relays, 1))
    tun = "[tun]\ndevice = sky0\n" if os.path.exists("/dev/net/tun") else ""
    server = Node(folder, "server", far, "[udp]\nlisten = 0.0.0.0:7100\n" + tun + "[service files]\ntarget = 127.0.0.1:8000\n")
    server.write(peers(2))
    names = f"[names]\nserver = {server.key}\n" + "".join(f"relay{i} = {r.key}\n" for i, r in enumerate(relays, 1))
    users = []
    for port, text in ((1081, "paths = 1\n"), (1084, "paths = 8\n"), (1082, "paths = 8\navoid = relay1, relay2\n"),
                       (1083, "paths = 8\nrequire = relay3\nrelays = any\npolicy = fastest\n")):
        user = Node(folder, f"user{port}", near, f"[udp]\nlisten = 0.0.0.0:{port + 6000}\n[socks]\nlisten = 127.0.0.1:{port}\n"
                    + (tun if port == 1084 else ""))
        user.write(("[path]\n" + text + ("" if "relays" in text else "relays = 1\n")) + peers(1) + names)
        users.append(user)
    return relays, server, users


def run_all(folder, near, middle, far):
    relays, server, users = net(folder, near, middle, far)
    one, many, some, through = users
    nodes = [*relays, server, *users]
    web = folder / "web"
    web.mkdir()
    data = os.urandom(SIZE)
    (web / "file").write_bytes(data)
    http = subprocess.Popen([*far.enter, "python3", "-m", "http.server", "-b", "127.0.0.1", "-d", str(web), "8000"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (web / "small").write_bytes(data[:5000])
    url, small = "http://files.server.sky/file", "http://files.server.sky/small"
    for n in nodes:
        n.start()
    try:
        check("all links are up", wait(lambda: all(ask(n, "status").get("nodes_known") == len(nodes) for n in nodes), 30),
              [ask(n, "status").get("nodes_known") for n in nodes])
        got, alone_s, error = fetch(near, 1081, url)
        check("a file over one path", got == data, error)
        check("one path was asked for, one is used", len(used(one)) == 1, ask(one, "circuits"))
        fetch(near, 1084, small)
        wait(lambda: len(used(many)) == PATHS)
        rows = used(many)
        check("four neighbours: four paths, through each of them one",
              sorted(r["hops"][0] for r in rows) == [f"relay{i}" for i in range(1, PATHS + 1)], rows)
        got, many_s, error = fetch(near, 1084, url)
        check("the same file over four paths", got == data, error)
        print(f"# {SIZE * 8 / alone_s / 1e6:.1f} Mb/s over one line of {MBIT} Mb/s, {SIZE * 8 / many_s / 1e6:.1f} over {PATHS}")
        check("one flow over four lines is much faster than over one", alone_s > 1.5 * many_s, (alone_s, many_s))
        if os.path.exists("/dev/net/tun"):
            before = shares(many, "sent")
            digest, tun_s = through_tun(near, far, tun_address(server.key), web / "file")
            check("one TCP flow through the interface, over the same four", digest == hashlib.sha256(data).hexdigest(), digest)
            print(f"# {SIZE * 8 / tun_s / 1e6:.1f} Mb/s over TUN")
            parts = [n - before.get(c, 0) for c, n in shares(many, "sent").items()]
            check("each of them carried its part", len(parts) == PATHS and min(parts) > sum(parts) / 20, parts)
        rows = used(many)
        check("circuits tell each path's delay, rate, loss and price",
              all(r["rtt_us"] > 0 and r["rate_kbps"] > 0 and r["sent"] > 0 and 0 <= r["loss_percent"] <= 100
                  and r["price_per_mib"] == 100000 for r in rows), rows)

        killer = threading.Timer(0.7, relays[1].process.kill)
        killer.start()
        got, killed_s, error = fetch(near, 1084, url)
        killer.join()
        check("a relay is killed in the middle: the file is whole", got == data, error)
        # Detection costs a timeout, the three lines that are left the rest: nobody waits for the link to be declared dead.
        check("and it went on without waiting for the dead", killed_s < 3 * many_s + 3, (killed_s, many_s))
        check("the path that fell silent is left", wait(lambda: len(used(many)) == PATHS - 1, 20), ask(many, "circuits"))
        relays[1].process.wait()
        relays[1].start()
        check("the relay is back: so is its path", wait(lambda: len(used(many)) == PATHS, 40), ask(many, "circuits"))

        got, _, error = fetch(near, 1082, small)
        wait(lambda: len(used(some)) == 2)
        check("avoided nodes are not used", got == data[:5000] and sorted(r["hops"][0] for r in used(some)) == ["relay3", "relay4"],
              (error, ask(some, "circuits")))
        got, _, error = fetch(near, 1083, small)
        check("a required node is passed by every path", got == data[:5000] and used(through) and
              all("relay3" in r["hops"][:-1] for r in used(through)), (error, ask(through, "circuits")))
    finally:
        http.kill()
        http.wait()
        for n in nodes:
            n.stop()
        if skw_tap.failed:
            skw_tap.show_logs(folder)


if os.geteuid() != 0 or not shutil.which("tc") or subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL).returncode:
    print("ok - skipped: network namespaces need root and iproute2")
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="skywave-") as name:
    spaces = [Space(), Space(), Space()]
    try:
        run_all(pathlib.Path(name), *spaces)
    finally:
        for s in spaces:
            s.end()
sys.exit(skw_tap.status())
