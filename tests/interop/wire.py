#!/usr/bin/env python3
"""An original node and ours on one chain over the wire: who makes the blocks, who follows, transactions from either side,
restarts, hundreds of blocks. `make interop` runs it."""
import itertools, pathlib, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import skw_tap
from skw_tap import check
from original import *


def same(seq, *nodes):
    heads = [n.head() for n in nodes]
    return all(h == heads[0] and h["seq"] >= seq for h in heads)


def agree(what, seq, *nodes, seconds=60):
    ready = wait(lambda: same(seq, *nodes), seconds)
    check(what, ready, [(n.name, n.head()["seq"], n.head()["block_hash"][:8]) for n in nodes])


class Purse:
    """Coins of one key, the chain's owner if no other is given, paid from by our own wallet through any node."""
    def __init__(self, chain, owner=None):
        self.owner = owner or chain.owner
        self.file, self.chain = chain.folder / f"{self.owner['address']}.wlt", chain
        secret = chain.folder / f"{self.owner['address']}.key"
        secret.write_text(self.owner["secret_key"] + "\n")
        secret.chmod(0o600)
        skywave("wallet", "create", self.file, "--type", "collection")
        skywave("wallet", "addkey", self.file, "--key-file", secret)

    def pay(self, node, to, amount, hours=None):
        more = ("--hours", hours) if hours is not None else ()
        return json.loads(skywave("wallet", "send", self.file, "--to", to, "--amount", amount, *more, "--node", node.url, "--json"))



def original_publishes(chain, programs, nodes):
    pub = Original(chain, "pub", programs).publishes()
    us = Ours(chain, "us", "--peer", pub.peer)
    nodes += [pub, us]
    for n in nodes:
        n.start()
        n.up()
    check("we introduce ourselves to an original publisher", wait(us.introduced, 15) and wait(pub.introduced, 5), us.introduced())
    purse = Purse(chain)
    to = [a["address"] for a in json.loads(skywave("wallet", "addressgen", "--seed", "some", "--count", "4", "--json"))]
    for seq, (node, address) in enumerate(zip(itertools.cycle((us, pub)), to), 1):
        purse.pay(node, address, "1000", 100000)
        agree(f"a transaction given to {'us' if node is us else 'it'} is in its block {seq}, which we have", seq, pub, us)
    third = Original(chain, "third", programs, peers=[us.peer])
    nodes.append(third)
    third.start()
    third.up()
    agree("another original follows the publisher's blocks through us alone", 4, third, us)
    third.stop()
    third.knows(us.peer, pub.peer)
    third.start()
    check("it dials both", wait(lambda: len(pub.introduced()) == 2, 30), pub.introduced())
    us.kill()
    purse.pay(pub, to[0], "1", 1)
    check("the publisher goes on while we are down", wait(lambda: pub.head()["seq"] == 5))
    us.start()
    us.up()
    agree("after a kill we catch up", 5, pub, us)
    pub.stop()
    pub.start()
    pub.up()
    check("the publisher comes back and finds us, or we it", wait(lambda: pub.introduced() and us.introduced(), 60))
    purse.pay(us, to[1], "1", 1)
    agree("and its blocks reach all", 6, pub, us, third)
    return purse, to


def ours_produces(chain, programs, nodes, purse, to, blocks):
    """On the same chain: the publisher is ours now, what was ours or theirs follows."""
    pub, us, third = nodes
    for n in nodes:
        n.stop()
    us.more += ("--produce", "--secret-file", chain.secret, "--interval", "100")
    pub.more = tuple(m for m in pub.more if "publisher" not in m and "secret" not in m)
    pub.knows(us.peer)
    for n in nodes:
        n.start()
        n.up()
    check("both originals are connected to our producer", wait(lambda: len(us.introduced()) >= 2, 30), us.introduced())
    # a tenth of the hours is burnt each time: several purses last for some hundreds of blocks
    others = [Purse(chain, key) for key in json.loads(skywave("wallet", "addressgen", "--seed", "purses", "--count", "3", "--secrets", "--json"))]
    for other in others:
        seq = us.head()["seq"]
        purse.pay(us, other.owner["address"], "1000000", 10**13)
        agree("a purse is filled", seq + 1, us, pub, third)
    start = us.head()["seq"]
    begun = time.monotonic()
    for i, node in zip(range(blocks), itertools.cycle((pub, us, third))):
        seq = us.head()["seq"]
        others[i // 3 % len(others)].pay(node, to[i % len(to)], "0.001" if i % 2 else "1.5", 1 + i % 7)
        # all: the next payment spends this one's change, which its node must know to be confirmed
        if not wait(lambda: us.head()["seq"] > seq and all(n.head()["seq"] > seq for n in nodes), 40):
            break
    took = time.monotonic() - begun
    agree(f"{blocks} blocks of ours, transactions from all three sides, are accepted ({took:.0f} s)", start + blocks, us, pub, third)
    fresh = Original(chain, "fresh", programs, peers=[us.peer])
    also = Ours(chain, "also", "--peer", pub.peer)
    nodes += [fresh, also]
    for n in (fresh, also):
        n.start()
        n.up()
    agree("an original with nothing takes all of them from us, we from an original", start + blocks, us, fresh, also, seconds=120)
    seq = us.head()["seq"]
    us.kill()
    us.start()
    us.up()
    check("after a kill of our producer the originals come back", wait(lambda: len(us.introduced()) >= 2, 90), us.introduced())
    purse.pay(third, to[0], "2", 5)
    agree("a transaction of theirs is in our block, which all have", seq + 1, *nodes, seconds=90)
    for n in (pub, third):
        n.kill()
    purse.pay(us, to[0], "2", 5)
    for n in (pub, third):
        n.start()
        n.up()
    agree("killed originals catch up", seq + 2, *nodes, seconds=90)


def quiet(nodes):
    """A minute and more without a block: pings keep it all connected, peers are told of."""
    us = next(n for n in nodes if isinstance(n, Ours) and "--produce" in n.more)
    before = {c["id"] for c in us.introduced()}
    time.sleep(75)
    after = us.introduced()
    check("75 s of silence end no connection", len(before) >= 2 and before <= {c["id"] for c in after}, (before, after))
    check("pings are answered", all(c["last_received"] > time.time() - 30 for c in after), after)
    known = {n.name: n.json("network/connections/exchange") for n in nodes}
    check("every node was told of others", all(known.values()), known)


def main(folder, programs, blocks, nodes):
    chain = Chain(folder)
    purse, to = original_publishes(chain, programs, nodes)
    ours_produces(chain, programs, nodes, purse, to, blocks)
    quiet(nodes)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="skywave-interop-") as folder:
        nodes = []
        try:
            main(folder, sys.argv[1], int(os.environ.get("BLOCKS", "300")), nodes)
        except Exception as error:
            check("the try goes to its end", False, repr(error))
        finally:
            for node in nodes:
                if node.process and node.process.poll() is None:
                    node.kill()
            if skw_tap.failed:
                skw_tap.show_logs(folder)
                if os.environ.get("KEEP"):
                    subprocess.run(["cp", "-r", folder, os.environ["KEEP"]])
    sys.exit(skw_tap.status())
