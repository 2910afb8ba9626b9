#!/usr/bin/env python3
"""Nodes that pay each other by the byte, and settle on a chain that only original nodes keep: all of them ask one by its URL.
`make interop` runs it."""
import os, pathlib, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "sim/demo")]
import skw_tap
from skw_tap import check
from community import Community, Trouble, droplets
from original import *


class Given(Chain):
    """The chain of a community: its publisher makes the blocks and owns the coins of block 0."""
    def __init__(self, community):
        ini = (community.folder / "network.ini").read_text()
        self.folder, self.ini = community.folder, community.folder / "network.ini"
        self.time = int(ini.split("genesis_time = ")[1].split()[0])
        key = json.loads(community.wallet("publisher").read_text())["entries"][0]
        self.publisher = self.owner = key
        self.sign_block_0()


class Settlers(Community):
    def __init__(self, folder, programs):
        super().__init__(folder, relays=1, radio=False, settings={"credit_limit": "0.5", "voucher_step": "0.01", "voucher_age_s": "1",
                                                                  "settle_at": "0.2", "reserve": "20"})
        self.programs, self.originals = programs, []

    def write_ini(self, name):
        super().write_ini(name)
        if name == "bob":
            text = self.ini(name).read_text()
            start, end = text.index("mode = embedded"), text.index("[service files]")
            self.ini(name).write_text(f"{text[:start]}mode = remote\nurl = {self.node_url()}\n{text[end:]}")

    def up(self):
        self.make_wallets()
        chain = Given(self)
        publisher = Original(chain, "publisher", self.programs).publishes()
        follower = Original(chain, "follower", self.programs, peers=[publisher.peer])
        self.originals = [publisher, follower]
        self.ledger_port = follower.rest
        for node in self.originals:
            node.start()
            node.up()
        check("two originals keep the chain", wait(lambda: follower.introduced() and publisher.introduced()))
        self.make_keys()
        self.distribute(self.names[:-1])
        for name in self.names:
            self.start_node(name)
        for name in self.names:
            self.wait(f"{name}'s control socket", (self.folder / f"{name}.sock").exists, 20)
        self.wait("everybody knows everybody", self.all_known, 120)

    def end(self):
        super().end()
        for node in self.originals:
            if node.process and node.process.poll() is None:
                node.kill()


def account(c, name, role, peer):
    return next(a for a in c.accounts(name) if a["role"] == role and a["peer"] == c.keys[peer])


def main(folder, programs):
    c = Settlers(folder, programs)
    www = pathlib.Path(folder) / "www"
    original = os.urandom(300000)
    try:
        www.mkdir()
        (www / "file").write_bytes(original)
        c.serve(www)
        c.up()
        before = c.balances()
        check("coins came through an original node", before["alice"] == 100 * 10**6, before)
        out = c.folder / "fetched"
        curl = c.fetch("file", out, 240)
        curl.wait()
        check("a paid file arrives whole", curl.returncode == 0 and out.read_bytes() == original, curl.stderr.read())
        c.wait("the books agree", c.books_agree, 120)
        c.ask("relay1", "pay", "settle")
        c.wait("the settlement is in a block", lambda: droplets(account(c, "alice", "pays", "relay1")["vouched"]) == 0 and
               droplets(account(c, "relay1", "earns", "alice")["vouched"]) == 0, 120)
        a, b, after = account(c, "alice", "pays", "relay1"), account(c, "relay1", "earns", "alice"), c.balances()
        check("both ends agree on what was settled", a["settled"] == b["settled"] and droplets(a["settled"]) > 200000, (a, b))
        check("on the originals' chain alice paid that, once", before["alice"] - after["alice"] == droplets(a["settled"]), (before, after, a))
        check("and relay1 has it", after["relay1"] - before["relay1"] == droplets(a["settled"]), (before, after, a))
        curl = c.fetch("file", out, 240)
        curl.wait()
        check("on new outputs it goes on", curl.returncode == 0 and out.read_bytes() == original, curl.stderr.read())
        c.wait("the books agree", c.books_agree, 120)
    except Trouble as trouble:
        check("the community works", False, trouble)
        skw_tap.show_logs(folder)
    finally:
        c.end()
    return skw_tap.status()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="skywave-interop-") as name:
        status = main(pathlib.Path(name) / "settlers", pathlib.Path(sys.argv[1]).absolute())
    sys.exit(status)
