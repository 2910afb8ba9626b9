#!/usr/bin/env python3
"""Two skywave-ledger processes on loopback: they sync, relay, and lose nothing when killed at any instant."""
import base64, gzip, json, os, pathlib, random, socket, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request
import skw_tap
from skw_tap import check

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
TOOL, PROGRAM = BUILD / "test/tool_ledger_chain", BUILD / "bin/skywave-ledger"
KILLS = int(os.environ.get("KILLS", "200"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Node:
    patience = 2  # seconds

    def __init__(self, folder, name, *more):
        self.wire, self.rest, self.process = free_port(), free_port(), None
        self.args = [PROGRAM, "--network", folder / "network.ini", "--data", folder / name, "--localhost-only",
                     "--listen", f"127.0.0.1:{self.wire}", "--rest", f"127.0.0.1:{self.rest}", *more]
        self.log = folder / f"{name}.log"

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([str(a) for a in self.args], stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, path, body=None, headers={}):
        request = urllib.request.Request(f"http://127.0.0.1:{self.rest}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=self.patience) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def head(self):
        status, text = self.ask("/api/v1/blockchain/metadata")
        return json.loads(text)["head"] if status == 200 else {"seq": -1, "block_hash": ""}

    def inject(self, raw):
        status, text = self.ask("/api/v1/csrf")
        token = json.loads(text)["csrf_token"] if status == 200 else ""
        return self.ask("/api/v1/injectTransaction", json.dumps({"rawtx": raw}).encode(),
                        {"Content-Type": "application/json", "X-CSRF-Token": token})


    def post(self, path, form):
        token = json.loads(self.ask("/api/v1/csrf")[1])["csrf_token"]
        return self.ask(path, urllib.parse.urlencode(form).encode(), {"X-CSRF-Token": token})


def wallets(folder, nodes, peer):
    """The wallet's calls over HTTP, kept over a restart; and the peers of before are found again."""
    node = Node(folder, "wallets", "--api", "READ,TXN,WALLET", "--peer", f"127.0.0.1:{peer.wire}")
    nodes.append(node)
    node.start()
    check("wallets are served where they are asked for", wait(lambda: node.ask("/api/v1/wallets") == (200, "[]")))
    form = {"type": "deterministic", "seed": "a seed", "label": "mine"}
    status, text = node.post("/api/v1/wallet/create", form)
    made = json.loads(text) if status == 200 else {"meta": {"filename": text}}
    check("a wallet is made", status == 200, text)
    status, text = node.ask("/api/v1/wallet/create", urllib.parse.urlencode(form).encode())
    check("not without a CSRF token", status == 403 and "invalid CSRF token" in text, text)
    path = folder / "wallets" / "wallets" / made["meta"]["filename"]
    check("its file is its owner's alone", path.exists() and path.stat().st_mode & 0o777 == 0o600)
    check("the network is found", wait(lambda: node.head()["seq"] >= 1))
    node.process.terminate()
    node.process.wait()
    node.args = node.args[:-2]  # no --peer now
    node.start()
    check("the wallet is there after a restart", wait(lambda: made["meta"]["filename"] in node.ask("/api/v1/wallets")[1]))
    check("so are the peers", wait(lambda: '"introduced"' in node.ask("/api/v1/network/connections")[1]))
    node.process.terminate()
    node.process.wait()


def guarded(folder, nodes):
    """A password, another name, packed answers, texts that stay over a restart."""
    password = folder / "password"
    password.write_text("open sesame\n")
    password.chmod(0o644)
    node = Node(folder, "guarded", "--user", "Aladdin", "--password-file", password, "--host-whitelist", "wallet.example:80",
                "--api", "READ,STORAGE", "--no-csrf")
    nodes.append(node)
    refused = subprocess.run([str(a) for a in node.args], capture_output=True, text=True, timeout=5)
    check("a password that others may read is refused", refused.returncode == 2 and "chmod 600" in refused.stderr, refused.stderr)
    password.chmod(0o600)
    login = {"Authorization": "Basic " + base64.b64encode(b"Aladdin:open sesame").decode()}
    node.start()
    check("with the password it answers", wait(lambda: node.ask("/api/v1/version", headers=login)[0] == 200))
    status, text = node.ask("/api/v1/version")
    check("without it is 401", (status, text) == (401, "401 Unauthorized\n"), (status, text))
    check("by another name it answers", node.ask("/api/v1/version", headers={**login, "Host": "wallet.example:80"})[0] == 200)
    check("but not by any", node.ask("/api/v1/version", headers={**login, "Host": "evil.example:80"})[0] == 403)
    url = f"http://127.0.0.1:{node.rest}/api/v1/"
    origin = {"Origin": "http://wallet.example:80"}
    with urllib.request.urlopen(urllib.request.Request(url + "version", headers={**login, **origin})) as answer:
        check("a page of that name may read the answer", answer.headers["Access-Control-Allow-Origin"] == "http://wallet.example:80")
    ask = urllib.request.Request(url + "version", headers={**origin, "Access-Control-Request-Method": "GET"}, method="OPTIONS")
    with urllib.request.urlopen(ask) as answer:
        check("a browser is told so before", answer.headers["Access-Control-Allow-Methods"] == "GET", answer.headers)
    with urllib.request.urlopen(urllib.request.Request(url + "health", headers=login)) as answer:
        plain = json.load(answer)
    with urllib.request.urlopen(urllib.request.Request(url + "health", headers={**login, "Accept-Encoding": "gzip"})) as answer:
        packed, how = answer.read(), answer.headers["Content-Encoding"]
    same = json.loads(gzip.decompress(packed)) if how == "gzip" else {}
    check("who takes gzip gets it", same.get("fiber") == plain["fiber"] and len(packed) < 1000, (how, len(packed)))
    body = json.dumps({"type": "client", "key": "a", "val": "b"}).encode()
    check("a text is kept", node.ask("/api/v2/data", body, {**login, "Content-Type": "application/json"})[0] == 200)
    node.kill()
    node.start()
    check("over a kill too", wait(lambda: '"data": "b"' in node.ask("/api/v2/data?type=client&key=a", headers=login)[1]))
    node.process.terminate()
    node.process.wait()


def wait(what, seconds=8):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def main(folder, nodes, others):
    raws = subprocess.run([TOOL, "raws", folder, "40"], check=True, capture_output=True, text=True).stdout.split()
    producer = Node(folder, "node", "--produce", "--secret-file", folder / "secret", "--interval", "100")
    follower = Node(folder, "follower", "--peer", f"127.0.0.1:{producer.wire}")
    nodes += [producer, follower]
    for node in nodes:
        node.start()
    check("the follower syncs what is there", wait(lambda: follower.head()["seq"] == 1), follower.head())
    check("a POST without a CSRF token is refused",
          producer.ask("/api/v1/injectTransaction", b"{}")[0] == 403)
    check("another Host is refused", producer.ask("/api/v1/version", headers={"Host": "evil.example"})[0] == 403)
    check("wallets are not served unless asked for", producer.ask("/api/v1/wallets")[0] == 403)
    second = subprocess.run([str(a) for a in producer.args], capture_output=True, text=True, timeout=5)
    check("two programs never share a chain", second.returncode == 1 and "another node" in second.stderr, second.stderr)
    status, text = follower.inject(raws[0])
    check("a transaction given to the follower is taken", status == 200, text)
    check("the producer puts it into a block that the follower gets", wait(lambda: follower.head()["seq"] == 2),
          (producer.head(), follower.head()))
    connection = json.loads(follower.ask("/api/v1/network/connections")[1])["connections"][0]
    check("connections tell of the producer", connection["outgoing"] and connection["state"] == "introduced", connection)

    random.seed(6)
    left, seen, lost = raws[1:], {}, []
    for _ in range(KILLS):
        if left and follower.inject(left[0])[0] == 200:
            left.pop(0)
        time.sleep(random.random() * 0.08)
        head = follower.head()
        if head["seq"] >= 0 and seen.setdefault(head["seq"], head["block_hash"]) != head["block_hash"]:
            lost.append(head)
        victim = random.choice(nodes)
        victim.kill()
        victim.start()
    for node in nodes:
        wait(lambda: node.head()["seq"] >= 0)

    def all_confirmed():
        for raw in raws:
            for node in nodes:
                node.inject(raw)
        pending = [json.loads(node.ask("/api/v1/blockchain/metadata")[1])["unconfirmed"] for node in nodes]
        return pending == [0, 0] and producer.head() == follower.head()

    wait(all_confirmed, 10)
    check(f"after {KILLS} kills both ends have the same head", producer.head() == follower.head(),
          (producer.head(), follower.head()))
    for seq, block_hash in seen.items():
        got = json.loads(follower.ask(f"/api/v1/block?seq={seq}")[1])["header"]["block_hash"]
        if got != block_hash:
            lost.append((seq, got, block_hash))
    check("no block that was seen was lost or forked", not lost, lost)
    statuses = [follower.inject(raw) for raw in raws]
    spent = [s for s, text in statuses if s == 400 and "does not exist" in text]
    check("every transaction is in a block", len(spent) == len(raws), statuses[:2])
    log = producer.log.read_text() + follower.log.read_text()
    check("no block was refused anywhere", "refused" not in log and "signed two" not in log, log[-500:])
    wallets(folder, others, producer)
    guarded(folder, others)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        started, others = [], []
        try:
            main(pathlib.Path(name), started, others)
        finally:
            for node in started + others:
                if node.process is not None:
                    node.kill()
    sys.exit(skw_tap.status())
