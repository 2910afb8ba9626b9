#!/usr/bin/env python3
"""skywaved's ports, under the sanitizers, in network namespaces: raw Ethernet found by beacon, UDP over IPv6, names for addresses, exits."""
import json, os, pathlib, shutil, subprocess, sys, tempfile, time
import skw_tap
from skw_space import DAEMON, ENV, Node, Space, ask, cable, echo, run, spoof, tun_address, wait
from skw_tap import check


# What nobody should put on the wire: every header cut or lying, noise, beacons of keys that nobody has.
GARBAGE = """
import random, socket
rng = random.Random(3)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
here = s.getsockname()[4]
there = bytes.fromhex("03534b595701")
for i in range(600):
    kind = rng.choice((0, 1, 2, 2, 9))
    body = rng.randbytes(rng.randrange(0, 1400))
    length = rng.choice((len(body), 0, 31, 65535, len(body) + 1))
    body = bytes([rng.choice((1, 1, 1, 0, 255)), kind]) + length.to_bytes(2, "little") + body
    s.send(there + here + b"\\x88\\xb5" + body[:rng.choice((0, 1, 3, len(body), len(body)))])
"""


def ethernet(folder, a, b):
    alice = Node(folder, "alice", a, "[ethernet]\ninterface = eth0\n")
    bob = Node(folder, "bob", b, "[ethernet]\ninterface = eth0\n[udp]\nlisten = [::]:7000\n")
    alice.start()
    bob.start()
    check("two nodes on one cable find each other by beacon", wait(lambda: alice.up("ethernet") and bob.up("ethernet")),
          (alice.links(), bob.links()))
    check("each has the other's key", [r["peer"] for r in alice.links()] == [bob.key] and [r["peer"] for r in bob.links()] == [alice.key],
          (alice.links(), bob.key))
    a.run("python3", "-c", GARBAGE)
    time.sleep(0.5)
    check("garbage on the wire harms nobody", alice.up("ethernet") and bob.up("ethernet"), (alice.links(), bob.links()))
    check("beacons of keys that nobody has take at most 32 places", len(bob.links()) <= 33, len(bob.links()))
    a.run("ip", "link", "set", "eth0", "down")
    time.sleep(1)
    a.run("ip", "link", "set", "eth0", "up")
    before = {r["port"]: r["bytes_in"] for r in bob.links() if r["up"]}
    check("the cable is pulled and put back: frames go on",
          wait(lambda: any(r["up"] and r["bytes_in"] > before.get("ethernet", 0) for r in bob.links()), 30), bob.links())
    alice.stop()
    bob.stop()


def internet(folder, a, b):
    a.run("ip", "addr", "add", "fd01::1/64", "dev", "eth0", "nodad")
    b.run("ip", "addr", "add", "fd01::2/64", "dev", "eth0", "nodad")
    a.run("ip", "addr", "add", "10.9.0.1/24", "dev", "eth0")
    b.run("ip", "addr", "add", "10.9.0.2/24", "dev", "eth0")
    bob = Node(folder, "bob6", b, "[udp]\nlisten = [::]:7000\n")
    alice = Node(folder, "alice6", a, "[udp]\nlisten = [fd01::1]:7001\n")
    carol = Node(folder, "carol4", a, "[udp]\nlisten = 10.9.0.1:7002\n")
    dave = Node(folder, "dave", b, "[udp]\nlisten = 127.0.0.1:7003\n")
    alice.write(f"[peer bob]\nkey = {bob.key}\naddress = [fd01::2]:7000\n")
    carol.write(f"[peer bob]\nkey = {bob.key}\naddress = 10.9.0.2:7000\n")
    dave.write(f"[peer bob]\nkey = {bob.key}\naddress = localhost:7000\n")
    for n in (bob, alice, carol, dave):
        n.start()
    check("a link over IPv6", wait(lambda: alice.up("udp")), alice.links())
    check("one socket on [::] takes IPv4 as well", wait(lambda: carol.up("udp") and bob.up("udp", 3)), (carol.links(), bob.links()))
    check("a peer's address may be a host name", wait(lambda: dave.up("udp")), dave.links())
    for n in (bob, alice, carol, dave):
        n.stop()


ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", int(sys.argv[1])))
while True:
    data, who = s.recvfrom(65536)
    s.sendto(data[::-1], who)
"""

# RFC 1928, section 7, spoken by hand: prints the length of what came back turned round, 0 for silence.
ASSOCIATE = """
import ipaddress, os, socket, sys, time
t = socket.create_connection(("127.0.0.1", 1080), timeout=10)
t.sendall(bytes([5, 1, 0]))
assert t.recv(2) == bytes([5, 0])
t.sendall(bytes([5, 3, 0, 1]) + bytes(6))
answer = t.recv(100)
assert answer[:4] == bytes([5, 0, 0, 1]) and len(answer) == 10, answer
relay = (socket.inet_ntoa(answer[4:8]), int.from_bytes(answer[8:], "big"))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.5)

def place(host, port):
    try:
        ip = ipaddress.ip_address(host)
        kind = bytes([1 if ip.version == 4 else 4]) + ip.packed
    except ValueError:
        kind = bytes([3, len(host)]) + host.encode()
    return kind + port.to_bytes(2, "big")

def ask(host, port, size, tries, fragment=0, sock=s):
    head, data = bytes([0, 0, fragment]) + place(host, port), os.urandom(size)
    for _ in range(tries):
        sock.sendto(head + data, relay)
        try:
            got = sock.recv(65536)
        except socket.timeout:
            continue
        if got == head + data[::-1]:
            return size
    return 0

for arg in sys.argv[1:]:
    host, port, size, tries, fragment = arg.split(",")
    print(ask(host, int(port), int(size), int(tries), int(fragment)))
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
other.settimeout(0.5)
print(ask("93.184.216.34", 22, 50, 2, sock=other))
t.close()
time.sleep(0.3)
s.connect(relay)
try:
    s.send(bytes(20)); time.sleep(0.3); s.send(bytes(20)); print("open")
except ConnectionRefusedError:
    print("closed")
"""


def associations(a, b, c):
    echoes = [subprocess.Popen([*space.enter, "python3", "-c", ECHO, port]) for space, port in ((c, "22"), (c, "81"), (b, "80"))]
    try:
        wait(lambda: ":22 " in c.run("ss", "-uln") and ":80 " in b.run("ss", "-uln"))
        asked = ("93.184.216.34,22,100,20,0", "2a01:4f8::34,22,1,20,0", "93.184.216.34,22,1349,20,0", "93.184.216.34,22,1400,20,0",
                 "93.184.216.34,22,8192,20,0", "echo.way.sky,1,300,20,0", "93.184.216.34,22,100,2,1", "93.184.216.34,81,100,2,0",
                 "10.8.0.34,22,100,2,0", "nothing.way.sky,1,10,2,0")
        got = a.run("python3", "-c", ASSOCIATE, *asked).split()
        check("datagrams to a place outside and back, over IPv4 and IPv6", got[:2] == ["100", "1"], got)
        check("also those that fill one of the session's, and longer ones", got[2:5] == ["1349", "1400", "8192"], got)
        check("and to a service by its name", got[5] == "300", got)
        check("no fragments, no other ports, no private addresses, no unknown services", got[6:10] == ["0"] * 4, got)
        check("another socket of the same host is not the client", got[10] == "0", got)
        check("the association ends with its connection", got[11] == "closed", got)
    finally:
        for p in echoes:
            p.kill()
            p.wait()


def exits(folder, a, b):
    """The open internet is a third namespace, with addresses that look like it."""
    c = Space()
    web = folder / "web"
    web.mkdir()
    (web / "page").write_text("outside\n")
    server = None
    try:
        cable(b, c, "eth1", "eth1")
        for space, last in ((b, 33), (c, 34)):
            space.run("ip", "addr", "add", f"93.184.216.{last}/24", "dev", "eth1")
            space.run("ip", "addr", "add", f"10.8.0.{last}/24", "dev", "eth1")
            space.run("ip", "addr", "add", f"2a01:4f8::{last}/64", "dev", "eth1", "nodad")
        server = [subprocess.Popen([*space.enter, "python3", "-m", "http.server", "-b", "::", "-d", str(web), port],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                  for space, port in ((c, "80"), (c, "81"), (b, "80"))]
        exit_ = Node(folder, "exit", b, "[udp]\nlisten = 10.9.0.2:7100\n[exit]\npolicy = internet\nports = 22, 80-80\n"
                     "[service echo]\ntarget = 127.0.0.1:80\n")
        closed = Node(folder, "closed", b, "[udp]\nlisten = 10.9.0.2:7101\n")
        common = "[path]\nrelays = 0\n"
        user = Node(folder, "user", a, "[udp]\nlisten = 10.9.0.1:7102\n[socks]\nlisten = 127.0.0.1:1080\nexit = way\n" + common)
        other = Node(folder, "other", a, "[udp]\nlisten = 10.9.0.1:7103\n[socks]\nlisten = 127.0.0.1:1081\nexit = " + closed.key + "\n" + common)
        user.write(f"[names]\nway = {exit_.key}\n[peer exit]\nkey = {exit_.key}\naddress = 10.9.0.2:7100\n")
        other.write(f"[peer closed]\nkey = {closed.key}\naddress = 10.9.0.2:7101\n")
        nodes = [exit_, closed, user, other]
        for n in nodes:
            n.start()

        def curl(url, port=1080):
            return run(*a.enter, "curl", "-sS", "--noproxy", "", "--max-time", "15", "--socks5-hostname", f"127.0.0.1:{port}", url)

        wait(lambda: user.up("udp") and other.up("udp"))
        check("through an exit to a place outside", wait(lambda: curl("http://93.184.216.34/page").stdout == "outside\n"),
              curl("http://93.184.216.34/page"))
        check("over IPv6 as well", curl("http://[2a01:4f8::34]/page").stdout == "outside\n", curl("http://[2a01:4f8::34]/page"))
        # 97: the proxy refused; the last byte of its answer says why (2: not allowed by the rules).
        for what, url in (("a port that is not on its list", "http://93.184.216.34:81/page"),
                          ("a private address", "http://10.8.0.34/page"), ("its own loopback", "http://127.0.0.1/page"),
                          ("a name for its loopback", "http://localhost/page"), ("its own public address", "http://93.184.216.33/page"),
                          ("a private address in IPv6 clothes", "http://[::ffff:10.8.0.34]/page")):
            done = curl(url)
            check(f"an exit refuses {what}", done.returncode == 97 and "(2)" in done.stderr, done)
        associations(a, b, c)
        done = curl("http://93.184.216.34/page", 1081)
        check("a node without a policy is no exit", done.returncode == 97 and "(2)" in done.stderr, done)
        for n in nodes:
            n.stop()
    finally:
        for p in server or []:
            p.kill()
            p.wait()
        c.end()


SINK = """
import socket
s = socket.create_server(("::", 9000), family=socket.AF_INET6)
c, _ = s.accept()
d = b""
while x := c.recv(65536): d += x
c.close()
print(len(d), d == bytes(1 << 20))
"""

def tunnel(folder, a, b):
    relay = Node(folder, "trelay", b, "[udp]\nlisten = 10.9.0.2:7200\n")
    left = Node(folder, "left", a, "[udp]\nlisten = 10.9.0.1:7201\n[tun]\ndevice = sky0\n[path]\nrelays = 1\n")
    right = Node(folder, "right", b, "[udp]\nlisten = 10.9.0.2:7202\n[tun]\ndevice = sky0\n[path]\nrelays = 1\n")
    for n in (left, right):
        n.write(f"[peer relay]\nkey = {relay.key}\naddress = 10.9.0.2:7200\n")
    nodes = [relay, left, right]
    for n in nodes:
        n.start()
    here, there = tun_address(left.key), tun_address(right.key)

    def ping(to, count, size):
        return echo(a, to, count, size)

    def megabyte():
        server = subprocess.Popen([*b.enter, "python3", "-c", SINK], stdout=subprocess.PIPE, text=True)
        wait(lambda: ":9000" in b.run("ss", "-tln"))
        run(*a.enter, "python3", "-c", f"import socket;s=socket.create_connection(('{there}',9000),timeout=20);s.sendall(bytes(1<<20));"
            "s.shutdown(1);s.recv(1)")
        try:
            return server.communicate(timeout=20)[0].strip()
        finally:
            server.kill()

    def replies(lines):
        return sum(line.startswith("reply") for line in lines)

    try:
        up = wait(lambda: all(ask(n, "status").get("nodes_known") == 3 for n in nodes))
        check("three nodes, two of them with an interface", up, [ask(n, "status") for n in nodes])
        shown = a.run("ip", "-o", "addr", "show", "dev", "sky0")
        check("the interface has the address that follows from the key, and the MTU of a datagram",
              f"{here}/8" in shown and "mtu 1384" in a.run("ip", "-o", "link", "show", "dev", "sky0"), shown)
        check("status tells the address", ask(left, "status")["tun"]["address"] == here, ask(left, "status"))
        check("ping through one relay", wait(lambda: replies(ping(there, 1, 104)) == 1))
        done = ping(there, 20, 104)
        check("20 of 20 come back", replies(done) == 20, done)
        done = ping(there, 3, 1384)
        check("so does what fills the MTU", replies(done) == 3, done)
        a.run("ip", "link", "set", "sky0", "mtu", "1500")
        done = ping(there, 1, 1385)
        check("what is larger is answered: packet too big, with the MTU", done == ["error 2 0 1384"], done)
        a.run("ip", "link", "set", "sky0", "mtu", "1384")
        done = ping("fd12:3456::1", 1, 104)
        check("an address that nobody has is answered: unreachable", done == ["error 1 3 0"], done)
        check("TCP carries a megabyte through it", megabyte() == f"{1 << 20} True")
        # Segments do not go where the wire is narrower than a frame: those go one by one, in fragments.
        for space in (a, b):
            space.run("ip", "link", "set", "eth0", "mtu", "1400")
        check("and over a wire narrower than a frame", megabyte() == f"{1 << 20} True")
        before = ask(left, "status")["tun"]
        spoof(a, "fd00::bad", there)
        time.sleep(0.5)
        after = ask(left, "status")["tun"]
        check("packets that are not from this node do not leave it", after["dropped"] >= before["dropped"] + 5 and
              after["packets_in"] == before["packets_in"], (before, after))
    finally:
        for n in nodes:
            n.stop()


def refused(folder, a):
    for name, text, want in (("none", "[ethernet]\ninterface = nothere\n", "nothere: No such device"),
                             ("lo", "[ethernet]\ninterface = lo\n", "no Ethernet interface")):
        node = Node(folder, name, a, text)
        done = subprocess.run([*a.enter, str(DAEMON), str(node.ini)], capture_output=True, text=True, timeout=20, env=ENV)
        check(f"an interface that cannot be used is refused: {name}", done.returncode == 1 and want in done.stderr, done.stderr)


if os.geteuid() != 0 or not shutil.which("ip") or subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL).returncode:
    print("ok - skipped: network namespaces need root and iproute2")
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="skywave-") as name:
    spaces = [Space(), Space()]
    try:
        cable(*spaces)
        refused(pathlib.Path(name), spaces[0])
        ethernet(pathlib.Path(name), *spaces)
        internet(pathlib.Path(name), *spaces)
        exits(pathlib.Path(name), *spaces)
        if os.path.exists("/dev/net/tun"):
            tunnel(pathlib.Path(name), *spaces)
    finally:
        for s in spaces:
            s.end()
sys.exit(skw_tap.status())
