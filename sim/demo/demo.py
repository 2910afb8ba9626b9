#!/usr/bin/env python3
"""make demo: a file crosses a line of nodes through simulated FPGA radios, onion-routed and paid per byte."""
import argparse, hashlib, json, os, pathlib, shutil, socket, sys, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from community import BUILD, Community, Trouble, droplets

TTY = sys.stderr.isatty()


def progress(text):
    if TTY:
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def say(text=""):
    if TTY:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    print(text, flush=True)


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def sky(droplets):
    return f"{droplets // 10**6}.{droplets % 10**6:06d}"


def air_status(c):
    """One question on the air's socket."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(str(c.air_socket))
        s.sendall(b"status\n")
        text = b""
        while not text.endswith(b"\n"):
            piece = s.recv(4096)
            if not piece:
                break
            text += piece
    return json.loads(text)


def transfer(c, name, size):
    """The main event. Returns wall and device seconds and the file that came."""
    out = c.folder / "fetched"
    start, start_device = time.monotonic(), c.ask("alice", "status")["time_us"]
    curl = c.fetch(name, out)
    last = start
    while curl.poll() is None:
        c.check_alive()
        time.sleep(0.2)
        wall = time.monotonic() - start
        got = out.stat().st_size if out.exists() else 0
        device = (c.ask("alice", "status")["time_us"] - start_device) / 1e6
        text = f"      {got:8d} of {size} bytes   wall {wall:5.1f} s   device {device * 1000:7.1f} ms"
        progress(text)
        if not TTY and time.monotonic() - last > 10:
            say(text)
            last = time.monotonic()
    wall = time.monotonic() - start
    device = (c.ask("alice", "status")["time_us"] - start_device) / 1e6
    if curl.returncode != 0:
        raise Trouble(f"curl: {curl.stderr.read().strip()}")
    return wall, device, out


def all_confirmed(c):
    return all(droplets(a["vouched"]) == 0 and a["state"] == "open"
               for name in c.names for a in c.accounts(name) if a["role"] == "earns")


def table(rows, head):
    widths = [max(len(str(r[i])) for r in rows + [head]) for i in range(len(head))]
    for row in [head] + rows:
        say("      " + "  ".join(str(v).rjust(w) if i else str(v).ljust(w) for i, (v, w) in enumerate(zip(row, widths))))


def money_report(c, when):
    rows = []
    for name in c.names:
        for a in c.accounts(name):
            peer = next((n for n, k in c.keys.items() if k == a["peer"]), a["peer"][:8])
            rows.append([f"{name} {a['role']}", peer, a["received_bytes"], a["sent_bytes"], a["billed_bytes"],
                         a["price_per_mib"], a["owed"], a["vouched"], a["settled"]])
    say(f"      {when}")
    table(rows, ["account", "with", "received", "sent", "billed", "SKY/MiB", "owed", "vouched", "settled"])


def demo(c, source):
    started = time.monotonic()
    say(f"[1/5] an air and {len(c.names)} nodes in a line, each with its own simulated FPGA radio: {' - '.join(c.names)}")
    files = c.folder / "www"
    files.mkdir()
    shutil.copyfile(source, files / "file")
    size = (files / "file").stat().st_size
    c.serve(files)
    c.up(lambda: progress(f"      waiting for links and descriptors, {time.monotonic() - started:.0f} s"))
    say(f"      all links are up and every node knows every other after {time.monotonic() - started:.1f} s")
    before = c.balances()

    say(f"[2/5] curl --socks5-hostname 127.0.0.1:{c.socks_port} http://files.bob.sky/file   ({size} bytes)")
    evaluated = air_status(c)
    wall, device, out = transfer(c, "file", size)
    now = air_status(c)
    if sha256(out) != sha256(source):
        raise Trouble("the fetched file differs from the original")
    say(f"      SHA-256 {sha256(out)}, the same as the original's")
    circuit = next(i for i in c.ask("alice", "circuits")["circuits"] if i["built"])
    say(f"      circuit     alice > {' > '.join(circuit['hops'])}")
    say(f"      device time {device:.3f} s   goodput {size * 8 / device / 1e6:.2f} Mb/s of device time, circuit building included")
    say(f"      wall time   {wall:.1f} s   {(now['evaluated'] - evaluated['evaluated']) / wall / 1000:.0f} thousand "
        "radio samples a second through the gates")

    say("[3/5] metered and vouched for")
    c.wait("vouchers cover what is owed", c.books_agree, 90, lambda: progress("      waiting for the last vouchers"))
    money_report(c, "before settlement; prices are what the payer offered for the rest of the path")

    say("[4/5] settlement")
    relays = [n for n in c.names if n.startswith("relay")]
    for name in relays:
        c.ask(name, "pay", "settle")
    c.wait("the settlements are confirmed", lambda: all_confirmed(c), 90,
           lambda: progress("      waiting for blocks"))
    for name in relays:
        for a in c.accounts(name):
            if a["role"] == "earns" and a["txid"]:
                tx = json.loads(c.run("curl", "-s", "--noproxy", "*", f"{c.node_url()}/api/v1/transaction?txid={a['txid']}"))
                say(f"      {name}: transaction {a['txid']} in block {tx['status']['block_seq']}")
    after = c.balances()
    table([[n, sky(before[n]), sky(after[n]), f"{'+' if after[n] >= before[n] else '-'}{sky(abs(after[n] - before[n]))}"]
           for n in c.names], ["balance, SKY", "before", "after", "difference"])

    say("[5/5] links")
    rows = []
    for name in c.names:
        for link in c.ask(name, "links")["links"]:
            rows.append([name, link["peer"], link["bytes_out"], link["bytes_in"], f"{link.get('snr_db', 0):.1f}",
                         link.get("cfo_hz", 0), link.get("way_us", "-"), link.get("repeats", 0)])
    table(rows, ["node", "neighbour", "bytes out", "bytes in", "SNR dB", "CFO Hz", "way us", "repeats"])
    say(f"done in {time.monotonic() - started:.1f} s")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--file", type=pathlib.Path)
    p.add_argument("--hops", type=int, default=2, help="relays between alice and bob")
    p.add_argument("--rate", type=int, default=54, help="Mb/s on the air")
    args = p.parse_args()
    if not 1 <= args.hops <= 7:
        p.error("--hops takes 1 to 7 relays")
    if args.file and not args.file.is_file():
        p.error(f"{args.file}: no such file")
    folder = BUILD / "demo"
    c = Community(folder, relays=args.hops, data_rate=args.rate,
                  settings={"credit_limit": "0.1", "voucher_step": "0.005", "voucher_age_s": 2, "reserve": "20"})
    source = args.file
    try:
        if source is None:
            source = folder / "original"
            source.write_bytes(os.urandom(32768))
        demo(c, source)
        return 0
    except (Trouble, KeyboardInterrupt) as trouble:
        say(f"demo: {trouble or 'interrupted'}; logs are in {folder}")
        return 1
    finally:
        c.end()


sys.exit(main())
