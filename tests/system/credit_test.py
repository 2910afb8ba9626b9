#!/usr/bin/env python3
"""Who does not pay is not relayed for: alice has no coins, is cut at the credit limit, gets coins, and goes on."""
import os, pathlib, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sim/demo"))
from community import Community, Trouble, droplets
import skw_tap
from skw_tap import check

def earned(c):
    for a in c.accounts("relay1"):
        if a["role"] == "earns":
            return a
    return {"owed": "0.0", "received_bytes": 0, "sent_bytes": 0, "admitted": True}


def main(folder):
    limit = 50000  # droplets: at 1 SKY a MiB some 51 KiB
    c = Community(folder, relays=1, radio=False,
                  settings={"credit_limit": "0.05", "voucher_step": "0.005", "reserve": "10", "voucher_age_s": 1})
    www = pathlib.Path(folder) / "www"
    try:
        www.mkdir()
        original = os.urandom(400000)
        (www / "file").write_bytes(original)
        c.serve(www)
        c.up(funded=["relay1"])
        out = c.folder / "fetched"
        curl = c.fetch("file", out, 120)
        c.wait("relay1 has relayed something", lambda: earned(c)["sent_bytes"] > 20000, 30)
        seen, still_since = 0, time.monotonic()
        while time.monotonic() - still_since < 3:  # until nothing has moved for three seconds
            now = earned(c)["sent_bytes"] + earned(c)["received_bytes"]
            if now != seen:
                seen, still_since = now, time.monotonic()
            time.sleep(0.2)
        a = earned(c)
        check("the transfer stands still, unfinished", curl.poll() is None and out.stat().st_size < len(original), a)
        cost = (a["sent_bytes"] + a["received_bytes"]) * 10**6 // 2**20
        check("relay1 has not lent more than its limit", cost <= limit + 3000, (cost, a))
        check("and says whom it no longer relays for", a["admitted"] is False or
              any(not x["admitted"] for x in c.accounts("alice")), (a, c.accounts("alice")))

        c.distribute(["alice"])
        curl.wait(timeout=110)
        check("once alice has coins the file arrives whole", curl.returncode == 0 and out.read_bytes() == original,
              curl.stderr.read())
        c.wait("the books agree", c.books_agree, 60)
        a = earned(c)
        check("all of it is vouched for, to the thousandth", droplets(a["owed"]) - droplets(a["vouched"]) < 1000, a)
    except Trouble as trouble:
        check("the community works", False, trouble)
        skw_tap.show_logs(folder)
    finally:
        c.end()
    return skw_tap.status()


with tempfile.TemporaryDirectory(prefix="skywave-") as name:
    status = main(pathlib.Path(name) / "community")
sys.exit(status)
