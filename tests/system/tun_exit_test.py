#!/usr/bin/env python3
"""Packets to the open internet through an exit, under the sanitizers, in network namespaces:

   user's kernel -- sky0 == relay == exit's sky0 -- its kernel forwards and masquerades -- "internet"
"""
import hashlib, os, pathlib, random, shutil, subprocess, sys, tempfile
import skw_tap
from skw_space import Node, Space, ask, cable, echo, spoof, tun_address, wait
from skw_tap import check

MASQUERADE = """
table inet skywave {
  chain out { type nat hook postrouting priority 100; ip6 saddr fd00::/8 oifname "eth1" masquerade; ip saddr 100.64.0.0/16 oifname "eth1" masquerade; }
  chain via { type filter hook forward priority 0; oifname "sky0" ct state != { established, related } drop; }
}
"""
SINK = """
import hashlib, socket
s = socket.create_server(("::", 443), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c, _ = s.accept()
    h = hashlib.sha256()
    while x := c.recv(65536): h.update(x)
    c.sendall(h.hexdigest().encode())
    c.close()
"""
SOURCE = """
import socket, sys
s = socket.create_connection((sys.argv[1], 443), timeout=10)
s.sendall(open(sys.argv[2], "rb").read())
s.shutdown(1)
print(s.recv(100).decode())
"""
# A host outside, the exit's own address there, and one of the host that is not of the open internet.
V6, OWN6, EXAMPLE6 = "2a01:4f8::34", "2a01:4f8::33", "2001:db8::34"
V4, OWN4, PRIVATE4 = "93.184.216.34", "93.184.216.33", "10.8.0.34"


def lay(a, b, c):
    cable(a, b)
    cable(b, c, "eth1", "eth1")
    a.run("ip", "addr", "add", "10.9.0.1/24", "dev", "eth0")
    b.run("ip", "addr", "add", "10.9.0.2/24", "dev", "eth0")
    for space, last in ((b, 33), (c, 34)):
        for address in (f"2a01:4f8::{last}/64", f"2001:db8::{last}/64"):
            space.run("ip", "addr", "add", address, "dev", "eth1", "nodad")
        for address in (f"93.184.216.{last}/24", f"10.8.0.{last}/24"):
            space.run("ip", "addr", "add", address, "dev", "eth1")
    b.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", "net.ipv4.ip_forward=1")
    rules = subprocess.run([*b.enter, "nft", "-f", "-"], input=MASQUERADE, text=True, capture_output=True)
    check("the kernel masquerades", rules.returncode == 0, rules.stderr)


def status(node):
    return ask(node, "status").get("tun", {})


def exercise(a, b, exit_, file):
    page = file.read_bytes()

    def curl(url):
        return subprocess.run([*a.enter, "curl", "-sS", "-g", "--noproxy", "*", "--max-time", "8", url], capture_output=True, timeout=30)

    def replies(to, count, size):
        return sum(line.startswith("reply") for line in echo(a, to, count, size))

    check("ping to a host outside", wait(lambda: replies(V6, 1, 104) == 1))
    check("over IPv4 too", wait(lambda: replies(V4, 1, 104) == 1), status(exit_))
    check("with the longest packet", replies(V6, 3, 1350) == 3 and replies(V4, 3, 1350) == 3)
    a.run("ip", "link", "set", "sky0", "mtu", "1500")
    done = [echo(a, to, 1, 1351) for to in (V6, V4)]
    check("a longer one is answered: too big, with the MTU", done == [["error 2 0 1350"], ["error 3 4 1350"]], done)
    done = [a.run("python3", "-c", SOURCE, to, file).strip() for to in (V6, V4)]
    check("a megabyte goes there whole, though its segments are too long at first", done == [hashlib.sha256(page).hexdigest()] * 2, done)
    a.run("ip", "link", "set", "sky0", "mtu", "1350")
    got = [curl(f"http://{host}/page") for host in (f"[{V6}]", V4)]
    check("a megabyte comes whole", all(g.stdout == page for g in got), [(g.returncode, len(g.stdout), g.stderr) for g in got])
    b.run("ip", "link", "set", "eth1", "mtu", "1300")  # behind the exit it is narrower: its kernel says so to the client's
    done = [a.run("python3", "-c", SOURCE, to, file).strip() for to in (V6, V4)]
    check("and where the way behind the exit is narrower", done == [hashlib.sha256(page).hexdigest()] * 2, done)
    learnt = [a.run("ip", "route", "get", to) for to in (V6, V4)]
    check("the client's kernel has learnt it", all("mtu 1300" in line for line in learnt), learnt)
    for what, url in (("a port that is not on its list", f"http://[{V6}]:81/page"), ("its own address", f"http://[{OWN6}]/page"),
                      ("an address that is not of the open internet", f"http://[{EXAMPLE6}]/page"),
                      ("a port in IPv4", f"http://{V4}:81/page"), ("its own address in IPv4", f"http://{OWN4}/page"),
                      ("a private address", f"http://{PRIVATE4}/page")):
        before, got, after = status(exit_), curl(url), status(exit_)
        check(f"the exit refuses {what}, and says so", got.returncode == 7 and after["refused"] > before["refused"], (got, before, after))


def strangers(a, b, exit_, user, other):
    """What the exit's kernel hands over goes to clients alone, and does not speak for another node."""
    def sent(source, to):
        before = status(exit_)
        spoof(b, source, tun_address(to.key))
        wait(lambda: status(exit_)["reads"] >= before["reads"] + 5, 5)
        after = status(exit_)
        return after["packets_in"] - before["packets_in"] >= 5, after["dropped"] - before["dropped"] >= 5

    check("an answer of the open internet goes to the client", sent(V6, user) == (True, False), status(exit_))
    a.run("ip", "route", "add", tun_address(exit_.key), "dev", "sky1")
    b.run("ip", "route", "add", tun_address(other.key), "dev", "sky0")
    check("a node talks to the exit's own address",
          wait(lambda: any(line.startswith("reply") for line in echo(a, tun_address(exit_.key), 1, 104))))
    check("and is no client by that", sent(V6, other) == (False, True), status(exit_))
    check("nor with another node's address", sent("fd00::bad", user) == (False, True), status(exit_))
    exit_.stop()
    exit_.start()
    check("the exit begins anew", wait(lambda: ask(exit_, "status").get("nodes_known") == 4))
    check("and knows no client", sent(V6, user) == (False, True), status(exit_))


def network(folder, a, b, c):
    (folder / "page").write_bytes(random.Random(5).randbytes(1 << 20))
    lay(a, b, c)
    servers = [subprocess.Popen([*space.enter, "python3", "-m", "http.server", "-b", "::", "-d", str(folder), port],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for space, port in ((c, "80"), (c, "81"), (b, "80"))]
    servers.append(subprocess.Popen([*c.enter, "python3", "-c", SINK]))
    relay = Node(folder, "relay", b, "[udp]\nlisten = 10.9.0.2:7000\n[tun]\ndevice = sky1\n[exit]\npolicy = internet\n")
    exit_ = Node(folder, "exit", b, "[udp]\nlisten = 10.9.0.2:7001\n[tun]\ndevice = sky0\n[exit]\npolicy = internet\ntun = yes\n")
    user = Node(folder, "user", a, "[udp]\nlisten = 10.9.0.1:7000\n[path]\nrelays = 1\n[tun]\ndevice = sky0\nexit = way\n"
                f"[names]\nway = {exit_.key}\n")
    other = Node(folder, "other", a, f"[udp]\nlisten = 10.9.0.1:7001\n[path]\nrelays = any\n[tun]\ndevice = sky1\nexit = {relay.key}\n")
    nodes = [relay, exit_, user, other]
    for n in nodes[1:]:
        n.write(f"[peer relay]\nkey = {relay.key}\naddress = 10.9.0.2:7000\n")
    for n in nodes:
        n.start()
    try:
        check("four nodes", wait(lambda: all(ask(n, "status").get("nodes_known") == 4 for n in nodes)))
        for to, device in (("2a01:4f8::/64", "sky0"), ("2001:db8::/32", "sky0"), ("2a01:4f9::/64", "sky1"),
                           ("93.184.216.0/24", "sky0"), ("10.8.0.0/24", "sky0")):
            a.run("ip", "route", "add", to, "dev", device)
        b.run("ip", "route", "add", tun_address(user.key), "dev", "sky0")  # two devices here have all of fd00::/8
        exercise(a, b, exit_, folder / "page")
        before = status(relay)
        done = echo(a, "2a01:4f9::1", 1, 104)
        check("a node that exits for SOCKS5 alone takes no packets", not any(line.startswith("reply") for line in done)
              and wait(lambda: status(relay)["dropped"] > before["dropped"], 5), (done, before, status(relay)))
        strangers(a, b, exit_, user, other)
    finally:
        for n in nodes:
            n.stop()
        for p in servers:
            p.kill()
            p.wait()


def main():
    if os.geteuid() != 0 or shutil.which("nft") is None or not os.path.exists("/dev/net/tun"):
        check("SKIPPED: network namespaces and NAT need root, nft and /dev/net/tun", True)
        return
    spaces = [Space(), Space(), Space()]
    with tempfile.TemporaryDirectory(prefix="skywave-") as folder:
        try:
            network(pathlib.Path(folder), *spaces)
        finally:
            for space in spaces:
                space.end()


main()
sys.exit(skw_tap.status())
