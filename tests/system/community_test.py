#!/usr/bin/env python3
"""The whole road: four nodes, simulated FPGA radios, a file, the bill, a SIGKILL in the middle, the settlement."""
import hashlib, os, pathlib, signal, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sim/demo"))
from community import Community, Trouble, droplets
import skw_tap
from skw_tap import check

def account(c, name, role, peer):
    for a in c.accounts(name):
        if a["role"] == role and a["peer"] == c.keys[peer]:
            return a
    raise Trouble(f"{name} has no account in which it {role} with {peer}")


def same_bill(c, payer, payee):
    """Both ends agree, once reports have crossed."""
    a, b = account(c, payer, "pays", payee), account(c, payee, "earns", payer)
    return a["owed"] == b["owed"] and a["billed_bytes"] == b["billed_bytes"] and a["billed_bytes"] > 0


def fetch(c, name, original, meanwhile=None):
    out = c.folder / "fetched"
    out.unlink(missing_ok=True)
    curl = c.fetch(name, out, 240)
    if meanwhile:
        meanwhile(out)
    curl.wait()
    same = curl.returncode == 0 and out.read_bytes() == original
    return same, f"curl {curl.returncode}: {curl.stderr.read().strip()}"


def main(folder):
    c = Community(folder, relays=2, data_rate=54,
                  settings={"credit_limit": "0.2", "voucher_step": "0.005", "reserve": "20"})
    files = pathlib.Path(folder) / "www"
    small, large = os.urandom(4096), os.urandom(24000)
    try:
        files.mkdir()
        (files / "small").write_bytes(small)
        (files / "large").write_bytes(large)
        c.serve(files)
        c.up()
        check("four radios find each other; every node knows every other", True)
        before = c.balances()

        check("a file crosses three radio hops unchanged", *fetch(c, "small", small))
        hops = next(i for i in c.ask("alice", "circuits")["circuits"] if i["built"])["hops"]
        check("the circuit goes the way of the line", hops == ["relay1", "relay2", "bob"], hops)

        missing = c.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "", "--max-time", "60",
                        "--socks5-hostname", f"127.0.0.1:{c.socks_port}", "http://files.bob.sky/missing", check=False)
        check("bob's web server answers for itself: 404", missing == "404", missing)
        refused = c.fetch("x", "/dev/null").args[:-1] + ["http://mail.bob.sky/"]
        check("a service that bob does not offer is refused", c.run(*refused, "-w", "%{exitcode}", check=False) == "97")

        for payer, payee in (("alice", "relay1"), ("relay1", "relay2")):
            try:
                c.wait("reports", lambda: same_bill(c, payer, payee), 60)
                check(f"{payer} and {payee} have the same bill", True)
            except Trouble as t:
                check(f"{payer} and {payee} have the same bill", False, (c.accounts(payer), c.accounts(payee)))

        def kill_in_the_middle(out):
            end = time.monotonic() + 120
            while not (out.exists() and out.stat().st_size > 4000) and time.monotonic() < end:
                time.sleep(0.05)
            c.stop("relay1", signal.SIGKILL)
            time.sleep(0.5)
            c.start_node("relay1")

        at_kill = account(c, "relay1", "earns", "alice")
        check("relay1 is killed in the middle and the file still arrives whole", *fetch(c, "large", large, kill_in_the_middle))
        after_kill = account(c, "relay1", "earns", "alice")
        check("relay1 has its meters back", after_kill["billed_bytes"] >= at_kill["billed_bytes"], (at_kill, after_kill))
        for payer, payee in (("alice", "relay1"), ("relay1", "relay2")):
            try:
                c.wait("reports", lambda: same_bill(c, payer, payee), 60)
                check(f"{payer} and {payee} still have the same bill", True)
            except Trouble:
                check(f"{payer} and {payee} still have the same bill", False, (c.accounts(payer), c.accounts(payee)))
        a = account(c, "alice", "pays", "relay1")
        check("nobody is billed twice: no more than alice saw cross the link",
              a["billed_bytes"] <= a["received_bytes"] + a["sent_bytes"], a)

        c.wait("both ends agree and vouchers cover what is owed", c.books_agree, 90)
        owed = {n: droplets(account(c, n, "pays", p)["owed"]) // 1000 * 1000
                for n, p in (("alice", "relay1"), ("relay1", "relay2"))}
        for name in ("relay1", "relay2"):
            c.ask(name, "pay", "settle")
        c.wait("settlements are confirmed",
               lambda: all(droplets(x["vouched"]) == 0 for n in c.names for x in c.accounts(n)), 90)
        after = c.balances()
        check("alice paid exactly what she owed, in whole thousandths", before["alice"] - after["alice"] == owed["alice"],
              (before, after, owed))
        check("relay1 kept what is left after its own payment",
              after["relay1"] - before["relay1"] == owed["alice"] - owed["relay1"], (before, after, owed))
        check("relay2 earned what relay1 paid", after["relay2"] - before["relay2"] == owed["relay1"], (before, after, owed))
        check("no coin was made or lost", sum(before.values()) == sum(after.values()))
    except Trouble as trouble:
        check("the community works", False, trouble)
        skw_tap.show_logs(folder)
    finally:
        c.end()
    return skw_tap.status()


with tempfile.TemporaryDirectory(prefix="skywave-") as folder:
    status = main(pathlib.Path(folder) / "community")
sys.exit(status)
