#!/usr/bin/env python3
"""Two nodes, each behind a NAT of its own, meet through a neighbour of both: skywaved under the sanitizers in network
namespaces, the NATs are the kernel's (masquerading, nothing new comes in)."""
import os, pathlib, shutil, sys, tempfile, time
import skw_tap
from skw_space import DAEMON, Node, Space, cable, wait
from skw_tap import check

NAT = """
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
table ip guard {
  chain in  { type filter hook input priority 0; iifname "wan" ct state new drop; }
  chain via { type filter hook forward priority 0; iifname "wan" ct state new drop; }
}
"""


def house(folder, core, n):
    """A host and its router; the router's other side is a network of its own at `core`."""
    host, router = Space(), Space()
    cable(host, router, "eth0", "lan")
    cable(router, core, "wan", f"net{n}")
    host.run("ip", "addr", "add", "192.168.1.2/24", "dev", "eth0")
    router.run("ip", "addr", "add", "192.168.1.1/24", "dev", "lan")
    router.run("ip", "addr", "add", f"10.{n}.0.2/24", "dev", "wan")
    core.run("ip", "addr", "add", f"10.{n}.0.1/24", "dev", f"net{n}")
    host.run("ip", "route", "add", "default", "via", "192.168.1.1")
    router.run("ip", "route", "add", "default", "via", f"10.{n}.0.1")
    router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    rules = folder / f"nat{n}"
    rules.write_text(NAT)
    router.run("nft", "-f", rules)
    return host, router


def meet(folder, spaces):
    core = Space()
    spaces.append(core)
    core.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    for n in (1, 2):
        spaces += house(folder, core, n)
    a, b = spaces[1], spaces[3]
    carol = Node(folder, "carol", core, "[udp]\nlisten = 0.0.0.0:7000\n")
    alice = Node(folder, "alice", a, "[udp]\nlisten = 0.0.0.0:7000\n")
    bob = Node(folder, "bob", b, "[udp]\nlisten = 0.0.0.0:7000\n")

    def configure(how_a, how_b):
        alice.write(f"[peer carol]\nkey = {carol.key}\naddress = 10.1.0.1:7000\n[peer bob]\nkey = {bob.key}\n{how_a}\n")
        bob.write(f"[peer carol]\nkey = {carol.key}\naddress = 10.2.0.1:7000\n[peer alice]\nkey = {alice.key}\n{how_b}\n")

    configure("address = 10.2.0.2:7000", "")
    for node in (carol, alice, bob):
        node.start()
    check("both reach the neighbour from behind their NATs", wait(lambda: carol.up("udp", 2)), carol.links())
    time.sleep(4)
    check("the NAT stands: a call to bob's house does not come in", not alice.up("udp", 2) and bob.up("udp", 1), alice.links())
    for node in (alice, bob):
        node.stop()
    configure("through = carol", "through = carol")
    for node in (alice, bob):
        node.start()
    check("introduced by the neighbour they have a link of their own", wait(lambda: alice.up("udp", 2) and bob.up("udp", 2)),
          (alice.links(), bob.links()))
    check("and it is to each other", {r["peer"] for r in alice.links()} == {carol.key, bob.key}, alice.links())
    for node in (carol, alice, bob):
        node.stop()


def main():
    if os.geteuid() != 0 or shutil.which("nft") is None:
        check("SKIPPED: network namespaces and NAT need root and nft", True)
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="skw_nat_"))
    spaces = []
    try:
        meet(folder, spaces)
    finally:
        for space in spaces:
            space.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
    sys.exit(skw_tap.status())
