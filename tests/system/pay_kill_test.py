#!/usr/bin/env python3
"""Both ends of a payment killed at any instant, over UDP: the bill stays that of what was delivered, no voucher is paid twice,
both ends agree; then an hour ends, and both hold the same receipt. KILLS=200 for the long run (make test-kills)."""
import json, os, pathlib, random, signal, subprocess, sys, tempfile, threading, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sim/demo"))
from community import BUILD, Community, Trouble, droplets
import skw_tap
from skw_tap import check

KILLS = int(os.environ.get("KILLS", "3"))


class Traffic(threading.Thread):
    """Files fetched one after another for as long as it lasts; what fails while a node is dead is tried again."""

    def __init__(self, community):
        super().__init__(daemon=True)
        self.community, self.going, self.whole = community, True, 0

    def run(self):
        while self.going:
            out = self.community.folder / "out"
            if self.community.fetch("file", out, 8).wait() == 0:
                self.whole += 1


def account(c, name, role, peer):
    return next(a for a in c.accounts(name) if a["role"] == role and a["peer"] == c.keys[peer])


def kill_at_random(c, victims):
    """Never both at once for long: one is killed and started again, at any instant of whatever it is doing."""
    for _ in range(KILLS):
        time.sleep(random.random() * 0.9)
        name = random.choice(victims)
        c.stop(name, signal.SIGKILL)
        c.start_node(name)
        if random.random() < 0.3:
            time.sleep(1.5)  # long enough for circuits, vouchers and settlements


def rows(c, name):
    return c.ask(name, "pay", "receipts")["receipts"]


def receipts(c, ahead):
    """An hour ends for everybody: the payee proposes, the payer signs, both keep it."""
    ahead.write_text("3700")
    c.wait("both ends hold a receipt", lambda: rows(c, "relay1") and rows(c, "alice"), 40)
    ours = [r["receipt"] for r in rows(c, "relay1") if r["payer"] == c.keys["alice"]]
    theirs = [r["receipt"] for r in rows(c, "alice") if r["payee"] == c.keys["relay1"]]
    check("both ends of the link hold the same receipts", ours == theirs and len(ours) > 0, (ours, theirs))
    file = c.folder / "receipts"
    file.write_text(c.skywave("pay", "receipts", "--hex", "--control", c.folder / "relay1.sock"))
    verified = subprocess.run([BUILD / "bin/skywave", "pay", "receipts", "--verify", file, "--json"], capture_output=True, text=True)
    told = json.loads(verified.stdout)
    a = account(c, "alice", "pays", "relay1")
    check("anybody can check them offline", verified.returncode == 0 and told["valid"], verified)
    told = next((t for t in told["accounts"] if t["payer"] == c.keys["alice"]), None)
    check("they tell what was delivered", 0 < told["forth_bytes"] + told["back_bytes"] <= a["billed_bytes"]
          and 0 < droplets(told["owed_in_all"]) <= droplets(a["owed"]), (told, a))
    bent = bytearray(file.read_text().encode())
    at = 2 * 17  # in the network's hash
    bent[at + 1] = ord("0") if bent[at + 1] != ord("0") else ord("1")
    file.write_bytes(bent)
    verified = subprocess.run([BUILD / "bin/skywave", "pay", "receipts", "--verify", file], capture_output=True, text=True)
    check("a receipt with a digit changed is named", verified.returncode == 1 and "receipt 1: not signed by the payee's wallet"
          in verified.stderr, verified)


def main(folder):
    ahead = pathlib.Path(folder).parent / "ahead"
    ahead.write_text("0")
    os.environ["LD_PRELOAD"], os.environ["SKW_CLOCK_AHEAD"] = str(BUILD / "test/tool_clock_ahead.so"), str(ahead)
    c = Community(folder, relays=1, price="1", radio=False, settings={"credit_limit": "0.5", "voucher_step": "0.01", "voucher_age_s": "1",
                                              "settle_at": "0.2", "reserve": "20"})
    files = pathlib.Path(folder) / "www"
    random.seed(11)
    try:
        files.mkdir()
        (files / "file").write_bytes(os.urandom(60000))
        c.serve(files)
        c.up()
        before = c.balances()
        traffic = Traffic(c)
        traffic.start()
        c.wait("a file arrives", lambda: traffic.whole > 0, 60)
        kill_at_random(c, ["alice", "relay1"])
        before_the_last = traffic.whole
        c.wait("files arrive again after the kills", lambda: traffic.whole > before_the_last, 60)
        traffic.going = False
        traffic.join()
        check(f"files arrive after {KILLS} kills as before them", True)
        c.wait("both ends agree and vouchers cover what is owed", c.books_agree, 60)
        payer, payee = account(c, "alice", "pays", "relay1"), account(c, "relay1", "earns", "alice")
        check("both ends have the same bill", payer["owed"] == payee["owed"] and payer["billed_bytes"] == payee["billed_bytes"],
              (payer, payee))
        check("nobody is billed for more than was delivered", payer["billed_bytes"] <= payer["received_bytes"] + payer["sent_bytes"],
              payer)
        c.ask("relay1", "pay", "settle")
        c.wait("the settlement is confirmed", lambda: all(droplets(a["vouched"]) == 0 for n in ("alice", "relay1")
                                                          for a in c.accounts(n)), 60)
        payer, after = account(c, "alice", "pays", "relay1"), c.balances()
        paid = before["alice"] - after["alice"]
        check("on the chain is what the bills say, once", paid == droplets(payer["settled"]) > 0, (paid, payer))
        check("all that was owed is paid but the last step", 0 <= droplets(payer["owed"]) - paid < 10000, (paid, payer))
        check("no coin was made or lost", sum(before.values()) == sum(after.values()), (before, after))
        history = c.ask("alice", "pay", "history")["history"]
        settled = [h for h in history if h["event"] == "settled"]
        csv = c.skywave("pay", "history", "--csv", "--control", c.folder / "alice.sock").splitlines()
        check("the history outlives the kills", len(settled) > 0 and csv[0].startswith("time,peer,role,event") and
              sum(",settled," in line for line in csv) >= len(settled), (len(history), csv[:2]))
        receipts(c, ahead)
    except Trouble as trouble:
        check("the payments work", False, trouble)
        skw_tap.show_logs(folder)
    finally:
        c.end()
    return skw_tap.status()


with tempfile.TemporaryDirectory(prefix="skywave-") as name:
    status = main(pathlib.Path(name) / "community")
sys.exit(status)
