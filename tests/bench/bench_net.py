#!/usr/bin/env python3
"""The whole road in network namespaces, a row for each thing to reach: prints what was measured as it comes, and one
table with targets at the end. Needs root. BENCH_S is the length of a flow (default 10, as iperf3's), ROWS=line,slow,... chooses:

  line     five nodes in a row, veth: TCP over TUN beside the kernel, wireguard-go, yggdrasil and tor; delay; circuits; memory
  slow     the same with 100 Mb/s and 5 ms a link: TCP, and ping beside a flow that fills the way
  short    client, relay, server at 1 Gb/s and 50 us a link (HOLD_US; needs iptables-nft, without it there is no delay)
  equal    one stream over 16 ways of 10 Mb/s and 10 ms;  unequal: 5 to 50 ms, 1 % lost each way
  dark     4 of the 16 ways die at once and come back
  fair     one greedy client and 20 small ones through one relay;  far: 2 to 40 ms away;  late: five of them come 5 s later
  memory   a relay with 100 links and 10,000 circuits
"""
import json, os, pathlib, statistics, subprocess, sys, threading, time, traceback

import net_peers
from net_world import BUILD, Nodes, World

SECONDS = float(os.environ.get("BENCH_S", "10"))
ROWS = os.environ.get("ROWS", "line,slow,short,equal,unequal,dark,fair,far,late,memory").split(",")
HOLD_US = float(os.environ.get("HOLD_US", "50"))
RELAYS = 3
WAYS = 16
results = []


def report(what, value, unit, least=None, most=None, note=""):
    target = f">= {least:g}" if least is not None else f"<= {most:g}" if most is not None else ""
    good = least is None and most is None or (value >= least if least is not None else value <= most)
    verdict = "" if not target else "met" if good else "missed"
    results.append((what, target, f"{value:.3g}" if value < 100 else f"{value:.0f}", unit, verdict, note))
    print(f"  {what}: {results[-1][2]} {unit} {note}", flush=True)


def skipped(what, why):
    results.append((what, "", "-", "", "skipped", why))
    print(f"  {what}: skipped, {why}", flush=True)


def warm(world, nodes, to):
    """Builds the circuits and lets the windows open."""
    world.ping(0, nodes.address(to), 3)
    world.flow(0, nodes.address(to), min(2, SECONDS))


def other_tcp(world, name, to):
    """What most machines use, beside the kernel's choice here."""
    if "cubic" in pathlib.Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text():
        report(f"{name}, CUBIC", world.flow(0, to, SECONDS, tcp="cubic")[0], "Mb/s")


def row_of(world, hops, **link):
    for _ in range(hops + 2):
        world.space()
    for i in range(hops + 1):
        world.join(i, i + 1, **link)
    if link.get("rate") is not None:
        world.emulate()
    world.route_line()
    world.sink(hops + 1)


def peers(name, seconds, **link):
    for what, (programs, measure) in net_peers.PEERS.items():
        if net_peers.missing(programs):
            skipped(f"{name}, {what}", f"not installed: {', '.join(net_peers.missing(programs))}")
            continue
        try:
            with World() as world:
                row_of(world, RELAYS, **link)
                report(f"{name}, {what}", measure(world, seconds), "Mb/s")
        except Exception as error:  # theirs: the row is lost, not the run
            skipped(f"{name}, {what}", str(error)[:80])


def idle_pings(world, nodes):
    """Medians by programs that only forward, over TUN and three relays, and over TUN without a relay; in turn, so that what
    else the machine does falls on all."""
    with World() as pair:
        row_of(pair, 0)
        neighbours, bare = Nodes(pair, ends=(0, 1), relays=0), world.bare()
        ways = [(world, bare), (world, nodes.address(RELAYS + 1)), (pair, neighbours.address(1))]
        pings = [[] for _ in ways]
        pair.ping(0, neighbours.address(1), 5)
        for _ in range(8):
            for way, (where, to) in enumerate(ways):
                pings[way] += where.ping(0, to, 20)
    return map(statistics.median, pings)


def line():
    with World() as world:
        row_of(world, RELAYS)
        report("veth, kernel forwarding", world.flow(0, f"10.7.{RELAYS}.2", SECONDS)[0], "Mb/s")
        plain = statistics.median(world.ping(0, f"10.7.{RELAYS}.2"))
        nodes = Nodes(world, ends=(0, RELAYS + 1), relays=RELAYS)
        time.sleep(1)
        report("relay resident, idle", nodes.resident_mib(1), "MiB", most=12)
        world.ping(0, nodes.address(RELAYS + 1), 5)
        took = statistics.median(nodes.build_ms(0))
        report("veth, circuit of 3 relays built", took, "ms", most=15)
        floor, idle, direct = idle_pings(world, nodes)
        report("veth, round trip per hop of programs that only forward", 1e3 * (floor - plain) / (RELAYS + 1), "us",
               note="the least in user space: epoll, recvfrom, sendto")
        report("veth, added round trip per hop", 1e3 * (idle - plain) / (RELAYS + 1), "us", most=100,
               note=f"{idle * 1e3:.0f} us over TUN, {floor * 1e3:.0f} us by programs that only forward, {plain * 1e3:.0f} us by the kernel; "
               f"by {RELAYS + 1}, what both ends take included")
        report("veth, round trip that a relay adds", 1e3 * (idle - direct) / RELAYS, "us", most=100,
               note=f"{direct * 1e3:.0f} us over TUN from neighbour to neighbour; what the kernel takes for a hop not taken off")
        before = [nodes.cpu_s(i) for i in range(len(nodes.daemons))]
        report("veth, TCP over TUN, 3 relays", world.flow(0, nodes.address(RELAYS + 1), SECONDS)[0], "Mb/s", least=300)
        used = [nodes.cpu_s(i) - b for i, b in enumerate(before)]
        print("    processor seconds of each node:", " ".join(f"{u:.2f}" for u in used))
        report("veth, SOCKS5 stream, 3 relays", world.flow(0, nodes.service("sink", RELAYS + 1), SECONDS, socks=1080)[0], "Mb/s")
        report("relay resident, after the flows", nodes.resident_mib(1), "MiB")
    peers("veth", SECONDS)


def slow():
    link = {"rate": 100, "delay": 5}
    with World() as world:
        row_of(world, RELAYS, **link)
        report("100 Mb/s + 5 ms, kernel forwarding", world.flow(0, f"10.7.{RELAYS}.2", SECONDS)[0], "Mb/s")
        nodes, to = Nodes(world, ends=(0, RELAYS + 1), relays=RELAYS), RELAYS + 1
        world.ping(0, nodes.address(to), 5)
        idle = statistics.median(world.ping(0, nodes.address(to)))
        report("100 Mb/s + 5 ms, circuit built, in round trips", statistics.median(nodes.build_ms(0)) / (2 * 5 * (RELAYS + 1)), "",
               most=4, note=f"{statistics.median(nodes.build_ms(0)):.0f} ms")
        warm(world, nodes, to)
        report("100 Mb/s + 5 ms, TCP over TUN", world.flow(0, nodes.address(to), SECONDS)[0], "Mb/s", least=80)
        other_tcp(world, "100 Mb/s + 5 ms, TCP over TUN", nodes.address(to))
        report("100 Mb/s + 5 ms, SOCKS5 stream", world.flow(0, nodes.service("sink", to), SECONDS, socks=1080)[0], "Mb/s")
        bulk = world.flow_start(0, nodes.address(to), max(SECONDS, 4) + 2)
        time.sleep(2)
        busy = world.ping(0, nodes.address(to), int(max(SECONDS, 4) / 0.1))
        rate = float(bulk.communicate(timeout=120)[0].split()[0])
        if busy:
            report("ping beside a flow that fills the way, above idle", statistics.median(busy) - idle, "ms", most=20,
                   note=f"idle {idle:.1f}, median {statistics.median(busy):.1f}, worst {busy[-1]:.1f} ms; the flow {rate:.0f} Mb/s")
        else:
            skipped("ping beside a flow that fills the way", "no answer came")
    peers("100 Mb/s + 5 ms", SECONDS, **link)


def short():
    with World() as world:
        row_of(world, 1, shape=1000)
        held = HOLD_US > 0 and world.hold(HOLD_US)
        report("1 Gb/s, kernel forwarding", world.flow(0, "10.7.1.2", SECONDS)[0], "Mb/s")
        nodes = Nodes(world, ends=(0, 2), relays=1)
        warm(world, nodes, 2)
        ping = world.ping(0, nodes.address(2), 20)
        report("1 Gb/s, TCP over TUN, one relay", world.flow(0, nodes.address(2), SECONDS)[0], "Mb/s", least=800,
               note=f"token bucket; {f'{HOLD_US:g} us' if held else 'no delay'} a link, ping {statistics.median(ping):.2f} ms")
        report("1 Gb/s, SOCKS5 stream, one relay", world.flow(0, nodes.service("sink", 2), SECONDS, socks=1080)[0], "Mb/s")


def ways(world, delay, loss):
    """Client 0, relays 1..16, server 17: each relay behind a way of its own."""
    client, relays, server = world.space(), [world.space() for _ in range(WAYS)], world.space()
    for i, relay in enumerate(relays):
        world.join(client, relay, rate=10, delay=delay(i), loss=loss, queue=100)
    for relay in relays:
        world.join(relay, server)
    world.emulate()
    world.sink(server)
    nodes = Nodes(world, ends=(client, server), relays=1, paths=WAYS)
    warm(world, nodes, server)
    end = time.monotonic() + 30
    while sum(c.get("state") in ("in use", "built") for c in nodes.ask(0, "circuits")["circuits"]) < WAYS and time.monotonic() < end:
        time.sleep(0.2)
    warm(world, nodes, server)
    return nodes, server


# Of 1514 bytes on a link 1422 are a cell (UDP, IPv4, Ethernet: 42; the link's own: 30, of which 20 are beyond 1472):
# 1361 of frames in it; a TUN packet of 1384 carries 1312 of TCP (timestamps), a stream's frame 1346 bytes.
def limits():
    return WAYS * 10 * 1312 / 1494, WAYS * 10 * 1346 / 1494


def equal():
    with World() as world:
        nodes, to = ways(world, lambda i: 10, 0)
        tun, stream = limits()
        report("16 ways of 10 Mb/s, 10 ms: TCP over TUN", world.flow(0, nodes.address(to), SECONDS)[0], "Mb/s", least=136,
               note=f"headers leave {tun:.0f}")
        other_tcp(world, "16 ways of 10 Mb/s, 10 ms: TCP over TUN", nodes.address(to))
        report("16 ways of 10 Mb/s, 10 ms: SOCKS5", world.flow(0, nodes.service("sink", to), SECONDS, socks=1080)[0], "Mb/s", least=140,
               note=f"headers leave {stream:.0f}")


def unequal():
    with World() as world:
        nodes, to = ways(world, lambda i: 5 + 3 * i, 1)
        report("16 ways, 5 to 50 ms, 1 % lost: TCP over TUN", world.flow(0, nodes.address(to), SECONDS)[0], "Mb/s", least=125)
        other_tcp(world, "16 ways, 5 to 50 ms, 1 % lost: TCP over TUN", nodes.address(to))
        report("16 ways, 5 to 50 ms, 1 % lost: SOCKS5", world.flow(0, nodes.service("sink", to), SECONDS, socks=1080)[0], "Mb/s", least=125)


def dark():
    seconds = max(SECONDS, 6)
    for name, socks in (("TCP over TUN", 0), ("SOCKS5", 1080)):
        with World() as world:
            nodes, to = ways(world, lambda i: 10, 0)

            def darken():
                for verb, wait in (("cut", seconds / 3), ("join", seconds / 3)):
                    time.sleep(wait)
                    for i in range(4):
                        world.order(f"{verb} {i}")

            thread = threading.Thread(target=darken)
            thread.start()
            rate, silence, intact = world.flow(0, nodes.service("hashed", to) if socks else nodes.address(to), seconds, 9001, socks=socks)
            thread.join()
            report(f"4 of 16 ways die and return, longest stall: {name}", silence, "ms", most=300,
                   note=f"{rate:.0f} Mb/s, stream {'intact' if intact else 'BROKEN'}")
            if not intact:
                results.append((f"4 of 16 ways: {name}", "intact", "broken", "", "missed", ""))


def shares(samples, addresses, end, later=0):
    """Mb/s from each address while all of them send: from the last one's first byte, or so much later, to the `end` of the first flow."""
    samples = [(t, [taken.get(a, 0) for a in addresses]) for t, taken in map(json.loads, samples)]
    start = next(s for s in samples if all(s[1]))[0] + later
    end = [s for s in samples if s[0] <= samples[0][0] + end][-1]
    begin = next(s for s in samples if s[0] >= start)
    return [(b - a) * 8 / (end[0] - begin[0]) / 1e6 for a, b in zip(begin[1], end[1])], end[0] - begin[0]


def share_a_line(what, away=lambda i: 0, late=0, small=20):
    """21 clients, `away` ms from the relay, of whom the last `late` come (circuits and all) while the others send."""
    seconds = max(SECONDS, 5) + (20 if late else 0)
    with World() as world:
        clients, relay, server = [world.space() for _ in range(small + 1)], world.space(), world.space()
        for client in clients:
            world.join(client, relay, **({"rate": 1000, "delay": away(client)} if away(client) else {}))
        world.join(relay, server, rate=50, delay=5, queue=100)
        world.emulate()
        world.sink(server, world.path / "samples")
        nodes = Nodes(world, ends=(*clients, server), relays=1)
        first, last = clients[:len(clients) - late], clients[len(clients) - late:]
        for client in first:
            world.ping(client, nodes.address(server), 2)
        flow = lambda c, s: world.flow_start(c, nodes.address(server), s, streams=8 if c == clients[0] else 1)
        flows = [flow(c, seconds) for c in first]
        if late:
            time.sleep(5)
        flows += [flow(c, seconds - 5) for c in last]
        for f in flows:
            f.communicate(timeout=seconds + 120)
        for name, later in (("", 0), (", 10 s later", 10)) if late else (("", 0),):
            rates, window = shares(open(world.path / "samples"), [nodes.address(c) for c in clients], seconds, later)
            jain = sum(rates) ** 2 / (len(rates) * sum(r * r for r in rates))
            report(f"{what}: Jain's index{name}", jain, "", least=0.95,
                   note=f"greedy {rates[0]:.2f}, small {min(rates[1:]):.2f} to {max(rates[1:]):.2f} Mb/s, in all {sum(rates):.1f} of 50, "
                        f"in {window:.1f} s in which all send")


def fair():
    share_a_line("1 greedy client (8 streams), 20 small ones")


def far():
    share_a_line("the same, 2 to 40 ms to the relay", away=lambda i: (2, 5, 10, 20, 40)[i % 5])


def late():
    share_a_line("the same, 5 of them 5 s late", late=5)


# A relay takes this many of each (SKW_LINK_PEERS_MAX, circuits_max); one link is the destination's.
ORIGINS, CIRCUITS = 99, 10000


def memory():
    with World() as world:
        world.space()
        nodes = Nodes(world, relays=1)
        time.sleep(1)
        idle = nodes.resident_mib(0)
        report("relay resident, idle", idle, "MiB", most=12)
        load = world.start([*world.spaces[0].enter, BUILD / "bench/relay_circuits", nodes.keys[0], "127.0.0.1", 7000, ORIGINS, CIRCUITS],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        up = int(load.stdout.readline())
        report(f"relay resident, {up} circuits and {ORIGINS + 1} links", nodes.resident_mib(0), "MiB", most=64)
        load.stdin.close()


def table():
    columns = ("what", "target", "measured", "", "verdict", "")
    widths = [max(len(r[i]) for r in [*results, columns]) for i in range(6)]
    for r in [columns, *results]:
        print("  ".join(c.ljust(w) for c, w in zip(r, widths)).rstrip())


def main():
    if os.geteuid() != 0:
        sys.exit("bench-net: network namespaces need root")
    tcp = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    print(f"TCP {tcp} at both ends, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, flows of {SECONDS:g} s")
    for name in ROWS:
        print(f"{name}:", flush=True)
        try:
            globals()[name]()
        except Exception:
            traceback.print_exc()
            skipped(name, "failed, see above")
    print()
    table()
    print(f"load at the end {os.getloadavg()[0]:.1f}")


main()
