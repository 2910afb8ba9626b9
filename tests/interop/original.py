"""Nodes of a private chain on this machine: the original Skycoin's and ours, and the original's command-line client."""
import hashlib, json, os, pathlib, socket, subprocess, time, urllib.error, urllib.parse, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
ALL_SETS = "READ,STATUS,WALLET,TXN,NET_CTRL,INSECURE_WALLET_SEED,STORAGE,PROMETHEUS"
GENESIS_TIME = 1700000000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait(ready, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.1)
    return False


def skywave(*args, stdin=None):
    return subprocess.run([BUILD / "bin/skywave", *map(str, args)], input=stdin, stdout=subprocess.PIPE, text=True, check=True).stdout


def sign(secret, digest):
    """ECDSA on secp256k1 (SEC 1, 4.1.3) as r, s, recovery id: the signature of block 0 that the original wants as a parameter."""
    p, n = 2**256 - 2**32 - 977, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    g = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798, 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)

    def add(a, b):
        if a is None or b is None:
            return a or b
        slope = 3 * a[0] ** 2 * pow(2 * a[1], -1, p) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, p)
        x = (slope * slope - a[0] - b[0]) % p
        return x, (slope * (a[0] - x) - a[1]) % p

    key, e = int(secret, 16), int(digest, 16)
    k = int.from_bytes(hashlib.sha256(bytes.fromhex(secret + digest)).digest(), "big") % n
    point = None
    for bit in bin(k)[2:]:
        point = add(point, point)
        point = add(point, g) if bit == "1" else point
    s = pow(k, -1, n) * (e + point[0] * key) % n
    odd = point[1] & 1
    if s > n // 2:
        s, odd = n - s, odd ^ 1
    return f"{point[0] % n:064x}{s:064x}{odd:02x}"


class Chain:
    """A network of its own: a key that makes blocks, another that owns the coins of block 0."""
    def __init__(self, folder):
        self.folder, self.time = pathlib.Path(folder), GENESIS_TIME
        self.publisher, self.owner = (json.loads(skywave("wallet", "addressgen", "--seed", seed, "--secrets", "--json"))[0]
                                      for seed in ("publisher of a chain that nobody needs", "owner of a chain that nobody needs"))
        self.ini, self.secret = self.folder / "network.ini", self.folder / "secret"
        self.ini.write_text(f"[network]\nname = interop\nblock_key = {self.publisher['public_key']}\n"
                            f"genesis_address = {self.owner['address']}\ngenesis_time = {GENESIS_TIME}\n")
        self.secret.write_text(self.publisher["secret_key"] + "\n")
        self.secret.chmod(0o600)
        self.sign_block_0()

    def sign_block_0(self):
        maker = Ours(self, "maker")
        maker.start()
        maker.up()
        self.signature = sign(self.publisher["secret_key"], maker.head()["block_hash"])
        maker.stop()


class Node:
    def __init__(self, chain, name):
        self.chain, self.name, self.data = chain, name, chain.folder / name
        self.wire, self.rest, self.process = free_port(), free_port(), None
        self.url, self.peer = f"http://127.0.0.1:{self.rest}", f"127.0.0.1:{self.wire}"

    def start(self):
        with open(self.chain.folder / f"{self.name}.log", "a") as log:
            self.process = subprocess.Popen([str(a) for a in self.args()], stdout=log, stderr=log, cwd=self.chain.folder)

    def up(self, seconds=30):
        assert wait(lambda: self.get("version")[0] == 200, seconds), f"{self.name} does not answer"

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, path, body=None, headers={}, method=None):
        """Status, text, content type; asked by Go's HTTP library, for all that the node can tell."""
        request = urllib.request.Request(self.url + path, body, {"User-Agent": "Go-http-client/1.1", **headers}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode(), answer.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers["Content-Type"]
        except OSError as error:
            return 0, str(error), None

    def get(self, call):
        return self.ask(("" if call.startswith("/") else "/api/v1/") + call)

    def json(self, call):
        status, text, _ = self.get(call)
        assert status == 200, (self.name, call, status, text)
        return json.loads(text)

    def token(self):
        return self.json("csrf")["csrf_token"]

    def post(self, path, form, method="POST"):
        """A form, or JSON where the form is text."""
        kind, body = ("application/json", form) if isinstance(form, str) else ("application/x-www-form-urlencoded", urllib.parse.urlencode(form))
        return self.ask(path, body.encode(), {"Content-Type": kind, "X-CSRF-Token": self.token()}, method)

    def head(self):
        status, text, _ = self.get("blockchain/metadata")
        return json.loads(text)["head"] if status == 200 else {"seq": -1, "block_hash": ""}

    def inject(self, raw):
        return self.post("/api/v1/injectTransaction", json.dumps({"rawtx": raw}))

    def introduced(self):
        status, text, _ = self.get("network/connections")
        return [] if status != 200 else [c for c in json.loads(text)["connections"] or [] if c["state"] == "introduced"]


class Ours(Node):
    def __init__(self, chain, name, *more):
        super().__init__(chain, name)
        self.more = more

    def args(self):
        return [BUILD / "bin/skywave-ledger", "--network", self.chain.ini, "--data", self.data, "--localhost-only", "--listen", self.peer,
                "--rest", f"127.0.0.1:{self.rest}", "--api", ALL_SETS, *self.more]


class Original(Node):
    def __init__(self, chain, name, programs, *more, peers=()):
        super().__init__(chain, name)
        self.programs, self.more = pathlib.Path(programs), more
        self.data.mkdir(exist_ok=True)
        if peers:
            self.knows(*peers)

    def knows(self, *peers):
        (self.data / "known").write_text("".join(f"{p}\n" for p in peers))
        option = f"-custom-peers-file={self.data / 'known'}"
        self.more += () if option in self.more else (option,)

    def args(self):
        c = self.chain
        return [self.programs / "skycoin", f"-data-dir={self.data}", "-localhost-only", "-address=127.0.0.1", f"-port={self.wire}",
                "-web-interface-addr=127.0.0.1", f"-web-interface-port={self.rest}", "-disable-default-peers", "-download-peerlist=false",
                "-launch-browser=false", "-color-log=false", f"-enable-api-sets={ALL_SETS}", "-log-level=debug", "-connection-rate=1s",
                f"-blockchain-public-key={c.publisher['public_key']}", f"-genesis-address={c.owner['address']}",
                f"-genesis-timestamp={c.time}", f"-genesis-signature={c.signature}", *self.more]

    def publishes(self):
        self.more += ("-block-publisher", f"-blockchain-secret-key={self.chain.publisher['secret_key']}")
        return self


def client(programs, node, *args, data=None, stdin=None, env={}):
    """skycoin-cli: exit status, what it said, what it complained of."""
    p = subprocess.run([pathlib.Path(programs) / "skycoin-cli", *map(str, args)], input=stdin, capture_output=True, text=True, timeout=120, cwd=data and data / "wallets",
                       env={**os.environ, "RPC_ADDR": node.url, "DATA_DIR": str(data or node.chain.folder / "client"), **env})
    return p.returncode, p.stdout, p.stderr
