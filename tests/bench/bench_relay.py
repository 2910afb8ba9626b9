#!/usr/bin/env python3
"""Processor seconds a relay takes per GB of full cells, over loopback, beside the cost of the primitives.

Three runs, each of a new skywaved on one core with the load on another:

    free      [ledger] mode = none
    metered   accounts with both neighbours, counts kept on disk and told, at a price of 0
    paid      the daemon's own price: the origin pays FORTH a MiB, the relay pays ON to the next, both by vouchers
              whenever that of voucher_step is owed; a private skywave-ledger. Credit, step and price are the defaults
              ([pay] in docs/configuration.md). settle_at and reserve are higher, so that the chain, whose blocks take
              seconds, comes after the measurement: then all is settled, and what was billed is compared with what was
              relayed, to the byte, and with what the chain says, to the droplet.

GB=n (default 1) sets how much is sent, RUNS=free,paid which runs, HOSTS where, DAEMON another skywaved, PERF=FILE records."""
import json, os, pathlib, socket, subprocess, sys, tempfile, time, urllib.request

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).absolute()
DAEMON = os.environ.get("DAEMON", str(BUILD / "bin/skywaved"))
MIB, PRICE = 2**20, 100000  # droplets: [pay] price
FORTH, ON = 2 * PRICE, PRICE


def free_port(host, kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def pinned(core):
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cores[core % len(cores)]})


def wait(what, ready, limit_s=30):
    end = time.monotonic() + limit_s
    while not ready():
        if time.monotonic() > end:
            raise SystemExit(f"bench_relay: waited {limit_s} s in vain: {what}")
        time.sleep(0.05)


def skywave(*args):
    return subprocess.run([str(BUILD / "bin/skywave"), *map(str, args)], capture_output=True, text=True, check=True).stdout


class Ledger:
    """A private network with coins for who pays."""

    def __init__(self, folder):
        self.folder, self.coins = folder, {}
        for name in ("publisher", "origin", "relay", "destination"):
            made = json.loads(skywave("wallet", "create", self.wallet(name), "--json"))
            self.coins[name] = made["addresses"][0]
        key = json.loads(self.wallet("publisher").read_text())["entries"][0]
        self.network, secret = folder / "network.ini", folder / "secret"
        self.network.write_text(f"name = bench\nblock_key = {key['public_key']}\ngenesis_address = {self.coins['publisher']}\n"
                                f"genesis_time = {int(time.time()) - 86400}\n")
        secret.write_text(key["secret_key"])
        secret.chmod(0o600)
        port = free_port("127.0.0.1", socket.SOCK_STREAM)
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [BUILD / "bin/skywave-ledger", "--network", self.network, "--data", folder / "ledger", "--listen", "off",
             "--rest", f"127.0.0.1:{port}", "--no-csrf", "--produce", "--secret-file", secret, "--interval", "500"],
            stderr=subprocess.DEVNULL)
        wait("the ledger answers", lambda: self.balance("publisher") > 0)
        for name in ("origin", "relay"):
            skywave("wallet", "send", self.wallet("publisher"), "--node", self.url, "--to", self.coins[name], "--amount", 5000)
            wait(f"coins of {name}", lambda: self.balance(name) > 0)
        self.first = {name: self.balance(name) for name in self.coins}

    def wallet(self, name):
        return self.folder / f"{name}.wlt"

    def balance(self, name):
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/balance?addrs={self.coins[name]}", timeout=10) as answer:
                return json.load(answer)["confirmed"]["coins"]
        except OSError:
            return 0

    def earned(self, name):
        return self.balance(name) - self.first[name]

    def end(self):
        self.process.terminate()
        self.process.wait()


def droplets(text):
    whole, part = text.split(".")
    return int(whole) * 10**6 + int(part)


def accounts(line):
    words = line.split()
    return words[1], {words[i]: int(words[i + 1]) for i in range(2, len(words), 2)}


class Relay:
    def __init__(self, folder, host, ledger, price):
        self.host, self.control = host, folder / "relay.sock"
        self.port, ini = free_port(host), folder / "relay.ini"
        text = (f"[node]\nstate = {folder}/state\nlog = unusual\ncontrol = {self.control}\n"
                f"[udp]\nlisten = {f'[{host}]' if ':' in host else host}:{self.port}\n")
        if ledger:
            text += (f"[pay]\nprice = {price / 10**6:.6f}\nwallet = {ledger.wallet('relay')}\nvoucher_age_s = 1\n"
                     f"settle_at = 1000000\nreserve = 1000000\n[ledger]\nmode = remote\nurl = {ledger.url}\n"
                     f"network = {ledger.network}\n")
        ini.write_text(text)
        self.key = subprocess.run([DAEMON, "--key", ini], capture_output=True, text=True, check=True).stdout.strip()
        self.process = subprocess.Popen([DAEMON, ini], preexec_fn=pinned(0))
        wait("the relay is up", self.control.exists)
        time.sleep(0.2)

    def pay(self, *what):
        return json.loads(skywave("pay", *what, "--control", self.control, "--json"))

    def accounts(self):
        return {a["role"]: a for a in self.pay()["accounts"]}

    def resident(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return line.split()[1]

    def end(self):
        self.process.terminate()
        self.process.wait()


def check(what, good, seen):
    print(f"{'ok' if good else 'FAILED'} - {what}" + ("" if good else f": {seen}"), flush=True)
    return good


def audit(relay, ledger, first, told):
    """What was billed is what was relayed, and what was paid is what was billed."""
    earns, pays = relay.accounts()["earns"], relay.accounts()["pays"]
    origin, destination = told["origin"], told["destination"]
    forth, on = earns["received_bytes"], pays["sent_bytes"]
    bill = {"origin": (forth + origin["received"]) * FORTH // MIB, "relay": (destination["received"] + pays["received_bytes"]) * ON // MIB}
    seen = (first, told, earns, pays, bill)
    before, after = origin["sent"] - forth, on - destination["received"]
    good = check("what was billed to the origin beyond the circuit's building is what was relayed, to the byte",
                 forth - first["origin"]["sent"] == on - first["destination"]["received"] > 0, seen)
    good &= check(f"and what both ends count themselves (on the way {before} bytes were lost before the relay, {after} after it)",
                  before >= 0 <= after and before + after < forth // 100 and earns["sent_bytes"] == origin["received"], seen)
    good &= check("both ends of both links have the same bill, that of the bytes delivered and the price",
                  origin["owed"] == droplets(earns["owed"]) == bill["origin"] and
                  destination["owed"] == droplets(pays["owed"]) == bill["relay"], seen)
    paid = {name: amount // 1000 * 1000 for name, amount in bill.items()}
    good &= check("vouchers cover it in whole thousandths", origin["vouched"] == droplets(earns["vouched"]) == paid["origin"] and
                  destination["vouched"] == droplets(pays["vouched"]) == paid["relay"], seen)
    return good, paid


def settle(relay, ledger, load, paid):
    relay.pay("settle")
    load.stdin.write("settle\n")
    load.stdin.flush()
    settled = load.stdout.readlines()
    wait("the relay has settled", lambda: all(droplets(a["vouched"]) == 0 for a in relay.accounts().values()))
    earned = {name: ledger.earned(name) for name in ("origin", "relay", "destination")}
    return check("the chain says the same", earned == {"origin": -paid["origin"], "relay": paid["origin"] - paid["relay"],
                                                       "destination": paid["relay"]}, (earned, paid, settled))


def run(what, host, folder):
    ledger = Ledger(folder) if what != "free" else None
    forth, on = (FORTH, ON) if what == "paid" else (0, 0)
    relay = Relay(folder, host, ledger, on)
    try:
        args = [BUILD / "bench/relay_load", relay.key, host, relay.port, relay.process.pid, os.environ.get("GB", "1")]
        if ledger:
            args += [ledger.url, ledger.network, ledger.wallet("origin"), ledger.wallet("destination"), forth, on]
        if os.environ.get("PERF"):
            perf = subprocess.Popen(["perf", "record", "-q", "-g", "-o", f"{os.environ['PERF']}.{what}", "-p", str(relay.process.pid)])
            time.sleep(0.5)
        load = subprocess.Popen([str(a) for a in args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=pinned(1))
        first, told, good = {}, {}, True
        print(f"{what}:", flush=True)
        for line in load.stdout:
            if not line.startswith("account"):
                print(" ", line, end="", flush=True)
                continue
            name, account = accounts(line)
            (told if name in first else first)[name] = account
            if len(told) == 2:
                break
        if os.environ.get("PERF"):
            perf.send_signal(2)
            perf.wait()
        print("  resident:", relay.resident(), "kB")
        if told:
            good, paid = audit(relay, ledger, first, told)
            good &= settle(relay, ledger, load, paid)
        load.stdin.close()
        return load.wait() == 0 and good
    finally:
        relay.end()
        if ledger:
            ledger.end()


def main():
    good = True
    for host in os.environ.get("HOSTS", "127.0.0.1").split():
        for what in os.environ.get("RUNS", "free,metered,paid").split(","):
            with tempfile.TemporaryDirectory(prefix="skywave-") as folder:
                good &= run(what, host, pathlib.Path(folder))
    return 0 if good else 1


sys.exit(main())
