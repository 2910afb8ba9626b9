#!/usr/bin/env python3
"""The original's command-line client against our REST and against its own node: every command that asks a node, and wallet
files of both programs opened by the other. `make interop` runs it."""
import pathlib, shutil, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import skw_tap
from skw_tap import check
from original import *
from rest import differences, plain
from wire import Purse, agree

WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


class Try:
    def __init__(self, programs, original, ours, data):
        self.programs, self.original, self.ours, self.data = programs, original, ours, data

    def run(self, node, *args, **more):
        return client(self.programs, node, *args, data=self.data, **more)

    def both(self, *args, **more):
        """The same words from both nodes, but for what health says of pages that we do not have."""
        a, b = (self.run(n, *args, **more) for n in (self.original, self.ours))
        try:
            found = [d for d in differences(plain(json.loads(a[1])), plain(json.loads(b[1]))) if "csp_enabled" not in d and "_url" not in d]
        except ValueError:
            found = [] if a[1] == b[1] and a[2] == b[2] else [str((a, b))]
        check(f"skycoin-cli {' '.join(map(str, args))}"[:110], a[0] == b[0] and not found, (a[0], b[0], b[2], *found[:5]))
        return a


def asking(t, purse, to, producer):
    block = t.original.json("block?seq=2")
    txid, uxid = block["body"]["txns"][0]["txid"], block["body"]["txns"][0]["outputs"][0]["uxid"]
    raw = t.original.json(f"rawtx?txid={txid}")
    for args in (["status"], ["version"], ["blocks", "2"], ["blocks", "1", "3"], ["blocks", "99"], ["lastBlocks"], ["lastBlocks", "2"],
                 ["addressBalance", to[0]], ["addressBalance", to[0], to[1]], ["addressBalance", "bad"], ["addressOutputs", to[0]], ["addressOutputs", "bad"],
                 ["addressTransactions", to[0]], ["addressTransactions", to[0], to[1]], ["addresscount"], ["richlist"], ["richlist", "2"], ["richlist", "2", "true"],
                 ["transaction", txid], ["transaction", "bad"], ["transaction", "0" * 64], ["pendingTransactions"], ["pendingTransactions", "-v"],
                 ["decodeRawTransaction", raw], ["decodeRawTransaction", "00"], ["verifyTransaction", raw], ["verifyTransaction", "00"], ["verifyAddress", to[0]],
                 ["verifyAddress", "bad"], ["broadcastTransaction", raw], ["broadcastTransaction", "00"], ["listWallets"]):
        t.both(*args)


def spending(t, purse, to, nodes):
    """Its wallet's coins, through our node."""
    wallet = t.data / "wallets" / "payer.wlt"
    for kind, name, seed in (("deterministic", "payer.wlt", "payer"), ("bip44", "hd.wlt", WORDS)):
        code, out, err = t.run(t.ours, "walletCreate", t.data / "wallets" / name, "-t", kind, "-s", seed, "-l", name)
        check(f"it makes a {kind} wallet", code == 0, err)
    address = json.loads(skywave("wallet", "addressgen", "--seed", "payer", "--json"))[0]["address"]
    listed = json.loads(t.run(t.ours, "listAddresses", wallet)[1])["addresses"]
    check("its first address is the one that we derive", listed == [address], (listed, address))
    hd = json.loads(t.run(t.ours, "listAddresses", t.data / "wallets" / "hd.wlt")[1])["addresses"]
    seq = t.ours.head()["seq"]
    for n, (a, coins) in enumerate(((address, 100), (hd[0], 50)), 1):
        purse.pay(t.ours, a, coins, 5000)
        agree(f"{coins} SKY for it", seq + n, *nodes)
    for args in (["walletBalance", wallet], ["walletOutputs", wallet], ["walletHistory", wallet], ["walletBalance", t.data / "wallets" / "hd.wlt"],
                 ["walletHistory", t.data / "wallets" / "hd.wlt"]):
        t.both(*args)

    def confirmed(what, code, out, err, txid=None):
        nonlocal seq
        check(what, code == 0, err + out)
        if code == 0:
            agree(f"{what}: in a block", seq + 1, *nodes)
        seq = t.ours.head()["seq"]

    seq = t.ours.head()["seq"]
    confirmed("send", *t.run(t.ours, "send", wallet, to[0], "1.5"))
    confirmed("send, JSON", *t.run(t.ours, "send", wallet, to[0], "0.5", "-j"))
    confirmed("send from an address with change to it", *t.run(t.ours, "send", wallet, to[0], "0.25", "-a", address, "-c", address))
    confirmed("send to many", *t.run(t.ours, "send", wallet, "-m", json.dumps([{"addr": to[1], "coins": "1"}, {"addr": to[2], "coins": "2"}])))
    confirmed("send from a bip44 wallet", *t.run(t.ours, "send", t.data / "wallets" / "hd.wlt", to[3], "3"))
    code, out, err = t.run(t.ours, "createRawTransaction", wallet, to[1], "1")
    check("createRawTransaction", code == 0, err)
    raw = out.strip()
    t.both("verifyTransaction", raw)
    t.both("decodeRawTransaction", raw)
    decoded = t.run(t.ours, "decodeRawTransaction", raw)[1]
    (t.data / "decoded.json").write_text(decoded)
    code, out, err = t.run(t.ours, "encodeJsonTransaction", t.data / "decoded.json")
    check("encodeJsonTransaction gives it again", code == 0 and raw in out, err + out)
    confirmed("broadcastTransaction", *t.run(t.ours, "broadcastTransaction", raw))
    code, out, err = t.run(t.ours, "send", wallet, to[0], "1000000")
    check("too much is refused in the same words", (code, err) == (lambda r: (r[0], r[2]))(t.run(t.original, "send", wallet, to[0], "1000000")), err)
    # through the node's own wallets: the files are copied to both nodes' folders
    for n, folder in ((t.original, t.original.data / "wallets"), (t.ours, t.ours.data / "wallets")):
        folder.mkdir(exist_ok=True)
        for name in ("payer.wlt", "hd.wlt"):
            shutil.copy(t.data / "wallets" / name, folder / name)
            (folder / name).chmod(0o600)
        n.stop()
        n.start()
        n.up()
    check("both nodes serve the client's wallet files", all({w["meta"]["filename"] for w in n.json("wallets")} == {"payer.wlt", "hd.wlt"} for n in (t.original, t.ours)))
    check("and are connected again", wait(lambda: len(t.ours.introduced()) >= 2, 60))
    for name in ("payer.wlt", "hd.wlt"):
        code, out, err = t.run(t.ours, "createRawTransactionV2", t.data / "wallets" / name, to[1], "1")
        check(f"createRawTransactionV2 {name}", code == 0, err)
        confirmed("broadcastTransaction of it", *t.run(t.ours, "broadcastTransaction", out.strip()))
        if name == "hd.wlt":  # the change is at an address that the client's own copy does not know
            continue
        code, out, err = t.run(t.ours, "createRawTransactionV2", t.data / "wallets" / name, to[1], "1", "--unsign")
        check(f"createRawTransactionV2 --unsign {name}", code == 0, err)
        code, out, err = t.run(t.ours, "signTransaction", name, out.strip())
        check(f"signTransaction {name}", code == 0, err)
        raw = json.loads(out)["encoded_transaction"] if code == 0 else ""
        confirmed("broadcastTransaction of it", *t.run(t.ours, "broadcastTransaction", raw))
        check(f"wallet balances agree: {name}", wait(lambda: t.ours.json(f"wallet/balance?id={name}")["confirmed"] == t.original.json(f"wallet/balance?id={name}")["confirmed"], 20))
    t.original.stop()
    code, out, err = t.run(t.original, "checkDBDecoding", t.original.data / "data.db")
    check("checkDBDecoding finds the original's store of our blocks sound", code == 0, out + err)
    t.original.more += ("-verify-db",)  # the client's checkdb knows main net's key alone
    t.original.start()
    t.original.up()
    check("so does the node's own check of every signature", t.original.head()["seq"] == t.ours.head()["seq"])


def files(t):
    """Wallet files: theirs here, ours there."""
    folder = t.data / "wallets"
    password = t.data / "password"
    password.write_text("pass word\n")
    password.chmod(0o600)
    seed = t.data / "seed"
    seed.write_text(WORDS + "\n")
    seed.chmod(0o600)
    secret = "b3c6fd4e46ec1b5d9f1b3e9f7d8c0d8bd4b5f4a3d1f2f0c4a7a8d4a9f7b1c2d3"
    key = t.data / "key"
    key.write_text(secret + "\n")
    key.chmod(0o600)
    addresses = lambda file, *more: json.loads(skywave("wallet", "list", file, "--json", *more))["addresses"]
    theirs = lambda file: json.loads(t.run(t.ours, "listAddresses", file)[1])["addresses"]
    xpub = None
    for kind in ("deterministic", "bip44", "collection", "xpub"):
        for cipher in (None, "scrypt-chacha20poly1305", "sha256-xor"):
            if kind == "xpub" and cipher:
                continue
            name = f"their-{kind}-{cipher or 'plain'}.wlt"
            args = ["walletCreate", folder / name, "-t", kind, "-l", name]
            args += {"deterministic": ["-s", WORDS, "-n", "5"], "bip44": ["-s", WORDS, "-n", "5", "--seed-passphrase", "extra"], "collection": [], "xpub": ["--xpub", xpub, "-n", "5"]}[kind]
            args += ["-e", "-x", cipher, "-p", "pass word"] if cipher else []
            code, out, err = t.run(t.ours, *args)
            check(f"its {kind} wallet, {cipher or 'open'}", code == 0, err or out)
            if code != 0:
                continue
            if kind == "collection":
                code, out, err = t.run(t.ours, "addPrivateKey", folder / name, secret, *(["-p", "pass word"] if cipher else []))
                check("  takes a key", code == 0, err or out)
            if kind == "bip44" and not cipher:
                xpub = t.run(t.ours, "walletKeyExport", folder / name, "-k", "xpub", "-p", "0/0")[1].strip()
            copy = t.data / f"copy-{name}"
            shutil.copy(folder / name, copy)
            copy.chmod(0o600)
            check(f"  its addresses here", addresses(copy) == theirs(folder / name), (addresses(copy), theirs(folder / name)))
            if kind != "xpub":
                if cipher:
                    skywave("wallet", "decrypt", copy, "--password-file", password)
                said = skywave("wallet", "export", copy, "--secrets", "--json")
                check("  opened here it gives its secrets", (secret if kind == "collection" else WORDS) in said, said[:200])
            if kind in ("deterministic", "bip44"):  # at an xpub wallet it crashes
                if cipher:  # it was decrypted above
                    skywave("wallet", "encrypt", copy, "--password-file", password, "--light")
                skywave("wallet", "address", copy, "--count", "3", *(("--password-file", password) if cipher else ()))
                code, out, err = t.run(t.ours, "walletAddAddresses", folder / name, "-n", "3", *(["-p", "pass word"] if cipher else []))
                check("  3 more there and here are the same", code == 0 and addresses(copy) == theirs(folder / name), err or (addresses(copy), theirs(folder / name)))
    for kind in ("deterministic", "bip44", "collection", "xpub"):
        for lock in ((), ("--encrypt",), ("--encrypt", "--light"), "xor"):
            if kind == "xpub" and lock:
                continue
            name = f"our-{kind}-{'-'.join(lock).replace('--', '') if lock != 'xor' else 'xor'}.wlt"
            file = folder / name
            if kind in ("deterministic", "bip44"):
                skywave("wallet", "restore", file, "--type", kind, "--seed-file", seed, "--count", "4")
            elif kind == "collection":
                skywave("wallet", "create", file, "--type", kind)
                skywave("wallet", "addkey", file, "--key-file", key)
            else:
                skywave("wallet", "create", file, "--type", kind, "--xpub", xpub, "--count", "4")
            before = addresses(file)
            if lock:
                skywave("wallet", "encrypt", file, "--password-file", password, *(("--crypto", "sha256-xor") if lock == "xor" else lock[1:]))
            check(f"our {kind} wallet {'open' if not lock else lock if lock == 'xor' else ' '.join(lock)}: its addresses there", theirs(file) == before, (theirs(file), before))
            if lock:
                code, out, err = t.run(t.ours, "decryptWallet", file, "-p", "wrong")
                check("  not by a wrong password", code != 0, out)
                code, out, err = t.run(t.ours, "decryptWallet", file, "-p", "pass word")
                check("  it decrypts it", code == 0, err or out[:100])
            if kind in ("deterministic", "bip44"):
                code, out, err = t.run(t.ours, "showSeed", file)
                check("  it shows the seed", code == 0 and WORDS in out, err or out)
                code, out, err = t.run(t.ours, "walletAddAddresses", file, "-n", "2")
                check("  it adds addresses, which we read", code == 0 and addresses(file) == theirs(file) and len(theirs(file)) == len(before) + 2, err or (addresses(file), theirs(file)))
    code, out, err = t.run(t.ours, "encryptWallet", folder / "our-bip44-.wlt", "-p", "pass word")
    check("a wallet of ours that it encrypted opens here", code == 0, err)
    skywave("wallet", "decrypt", folder / "our-bip44-.wlt", "--password-file", password)
    for seed_text in ("a", "some words with  spaces ", WORDS, "ünïcödé"):
        code, out, err = t.run(t.ours, "addressGen", "-s", seed_text, "-n", "20", "-m", "addresses")
        ours = skywave("wallet", "addressgen", "--seed", seed_text, "--count", "20")
        check(f"addressGen {seed_text!r}: 20 addresses are the same", code == 0 and out.split() == ours.split(), (out[:100], ours[:100], err))
        code, out, err = t.run(t.ours, "addressGen", "-s", seed_text, "-n", "5", "-m", "addresses", "-c", "bitcoin")
        ours = skywave("wallet", "addressgen", "--seed", seed_text, "--count", "5", "--coin", "bitcoin")
        check("  in Bitcoin's form too", code == 0 and out.split() == ours.split(), (out[:100], ours[:100], err))


def main(folder, programs, nodes):
    chain = Chain(folder)
    producer = Ours(chain, "producer", "--produce", "--secret-file", chain.secret, "--interval", "100")
    ours = Ours(chain, "ours", "--peer", producer.peer)
    original = Original(chain, "original", programs, peers=[ours.peer])
    nodes += [producer, ours, original]
    for n in nodes:
        n.start()
        n.up()
    check("three nodes, two programs", wait(lambda: len(ours.introduced()) == 2))
    purse = Purse(chain)
    to = [a["address"] for a in json.loads(skywave("wallet", "addressgen", "--seed", "some", "--count", "4", "--json"))]
    for seq, (address, coins) in enumerate(((to[0], 1000), (to[1], 500), (to[0], "0.5")), 1):
        purse.pay(ours, address, coins, 1000 + seq)
        agree(f"block {seq}", seq, *nodes)
    data = chain.folder / "client"
    (data / "wallets").mkdir(parents=True)
    t = Try(programs, original, ours, data)
    parts = {"asking": lambda: asking(t, purse, to, producer), "spending": lambda: spending(t, purse, to, nodes), "files": lambda: files(t)}
    for name, part in parts.items():
        if name in os.environ.get("PARTS", name):
            part()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="skywave-interop-") as folder:
        nodes = []
        try:
            main(folder, sys.argv[1], nodes)
        finally:
            for node in nodes:
                if node.process and node.process.poll() is None:
                    node.kill()
            if os.environ.get("KEEP"):
                subprocess.run(["cp", "-r", folder, os.environ["KEEP"]])
    sys.exit(skw_tap.status())
