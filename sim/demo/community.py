"""A community in a line on one machine: an air, N nodes, each with its own simulated FPGA radio, and a ledger.
With radio=False the nodes are joined by UDP instead, for what needs no radio to show.

    air -- alice -- relay1 -- ... -- relayN -- bob      bob also holds the ledger and a web server

Used by `make demo` and by the system tests. Everything runs on loopback and in one folder, with the programs
that a user runs; every process started here is ended here, by its pid.
"""
import functools, http.server, json, os, pathlib, shutil, signal, socket, subprocess, threading, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD


class Trouble(Exception):
    """Something did not go as it must: the text is for people."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def droplets(text):
    """The exact integer of a decimal amount of SKY."""
    whole, part = text.split(".")
    return int(whole) * 10**6 + int(part)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Community:
    def __init__(self, folder, relays=2, data_rate=24, price="1", radio=True, settings=None):
        self.folder = pathlib.Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.names = ["alice"] + [f"relay{i + 1}" for i in range(relays)] + ["bob"]
        self.relays = relays
        self.data_rate = data_rate
        self.price = price
        self.slots = min(len(self.names), 4)
        self.udp_ports = None if radio else [free_port() for _ in self.names]
        self.settings = settings or {}
        self.processes = {}
        self.logs = []
        self.keys = {}
        self.coins = {}
        self.air_socket = self.folder / "air.sock"
        self.ledger_port, self.socks_port = free_port(), free_port()
        self.web = None
        self.env = dict(os.environ, SOAPY_SDR_PLUGIN_PATH=str(BUILD / "soapy"), SOAPY_SDR_LOG_LEVEL="ERROR")

    # ---- Programs ----

    def run(self, *arguments, check=True):
        done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, env=self.env, timeout=120)
        if check and done.returncode != 0:
            raise Trouble(f"{' '.join(map(str, arguments))}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def skywave(self, *arguments):
        return self.run(BUILD / "bin/skywave", *arguments)

    def start(self, name, *arguments):
        log = open(self.folder / f"{name}.log", "a")
        self.logs.append(log)
        self.processes[name] = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log, env=self.env)

    def check_alive(self):
        for name, process in self.processes.items():
            if process.poll() is not None:
                last = (self.folder / f"{name}.log").read_text().strip().splitlines()[-3:]
                raise Trouble(f"{name} ended with status {process.returncode}: {' / '.join(last)}")

    def wait(self, what, ready, limit_s=60, each=None):
        """Waits for ready() to be true; says what did not come about."""
        end = time.monotonic() + limit_s
        while True:
            self.check_alive()
            value = ready()
            if value:
                return value
            if time.monotonic() > end:
                raise Trouble(f"waited {limit_s} s in vain: {what}")
            if each:
                each()
            time.sleep(0.1)

    def stop(self, name, how=signal.SIGTERM):
        process = self.processes.pop(name, None)
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end(self):
        for name in reversed(list(self.processes)):
            self.stop(name)
        if self.web:
            self.web.shutdown()
            self.web.server_close()
        for log in self.logs:
            log.close()

    # ---- Files ----

    def ini(self, name):
        return self.folder / f"{name}.ini"

    def wallet(self, name):
        return self.folder / f"{name}.wlt"

    def radio(self, i):
        return ["[radio]", f"device = driver=skywave,transport=sim,path={self.air_socket},radio={self.names[i]}",
                f"data_rate = {self.data_rate}", f"slots = {self.slots}"]

    def udp(self, i):
        text = ["[udp]", f"listen = 127.0.0.1:{self.udp_ports[i]}"]
        if i > 0 and self.names[i - 1] in self.keys:
            text += ["[peer before]", f"key = {self.keys[self.names[i - 1]]}", f"address = 127.0.0.1:{self.udp_ports[i - 1]}"]
        return text

    def write_ini(self, name):
        i = self.names.index(name)
        web_port = self.web.server_address[1] if self.web else 1
        text = [
            "[node]", f"name = {name}", f"state = {self.folder / name}", f"control = {self.folder / name}.sock",
            *(self.udp(i) if self.udp_ports else self.radio(i)),
            "[path]", f"relays = {self.relays}",
            "[pay]", f"price = {self.price if name.startswith('relay') else 0}", f"wallet = {self.wallet(name)}",
        ]
        text += [f"{key} = {value}" for key, value in self.settings.items()]
        text += ["[ledger]", f"network = {self.folder / 'network.ini'}"]
        if name == "bob":
            text += ["mode = embedded", f"listen = 127.0.0.1:{self.ledger_port}", "produce = yes",
                     f"secret = {self.wallet('publisher')}", "block_s = 1",
                     "[service files]", f"target = 127.0.0.1:{web_port}"]
        else:
            text += ["mode = remote", f"url = http://127.0.0.1:{self.ledger_port}"]
        if name == "alice":
            text += ["[socks]", f"listen = 127.0.0.1:{self.socks_port}"]
        text += ["[names]"] + [f"{other} = {key}" for other, key in self.keys.items()]
        self.ini(name).write_text("\n".join(text) + "\n")

    # ---- The parts ----

    def serve(self, folder):
        """bob's web server: Python's own, any would do."""
        handler = functools.partial(Quiet, directory=str(folder))
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.web.serve_forever, daemon=True).start()

    def make_wallets(self):
        for name in ["publisher"] + self.names:
            made = json.loads(self.skywave("wallet", "create", self.wallet(name), "--json"))
            self.coins[name] = made["addresses"][0]
        public = json.loads(self.wallet("publisher").read_text())["entries"][0]["public_key"]
        (self.folder / "network.ini").write_text(
            f"name = demo\nblock_key = {public}\ngenesis_address = {self.coins['publisher']}\n"
            f"genesis_time = {int(time.time()) - 86400}\n")

    def make_keys(self):
        for name in self.names:
            self.write_ini(name)
            self.keys[name] = self.run(BUILD / "bin/skywaved", "--key", self.ini(name)).strip()
        for name in self.names:
            self.write_ini(name)
            self.run(BUILD / "bin/skywaved", "--check-config", self.ini(name))

    def start_air(self, *options):
        self.start("air", BUILD / "bin/skywave-air", "--line", len(self.names), "--socket", self.air_socket,
                   "--set", "drift=yes", "--set", "echoes=50", *options)
        self.wait("the air listens", self.air_socket.exists, 10)

    def start_node(self, name):
        self.start(name, BUILD / "bin/skywaved", self.ini(name))

    def node_url(self):
        return f"http://127.0.0.1:{self.ledger_port}"

    def balances(self):
        """Confirmed droplets by node."""
        answer = json.loads(self.run("curl", "-s", "--noproxy", "*",
                                     f"{self.node_url()}/api/v1/balance?addrs=" +
                                     ",".join(self.coins[n] for n in self.names)))
        return {n: answer["addresses"].get(self.coins[n], {}).get("confirmed", {}).get("coins", 0)
                for n in self.names}

    def distribute(self, names, sky=100):
        """The genesis coins are the publisher's: every node that pays gets some."""
        for name in names:
            self.skywave("wallet", "send", self.wallet("publisher"), "--node", self.node_url(),
                         "--to", self.coins[name], "--amount", sky)
            self.wait(f"{name}'s coins are confirmed", lambda: self.balances()[name] > 0, 30)

    def ask(self, name, *command):
        return json.loads(self.skywave(*command, "--control", self.folder / f"{name}.sock", "--json"))

    def up(self, each=None, funded=None):
        """From nothing to a network whose nodes all know each other."""
        self.make_wallets()
        self.make_keys()
        if not self.udp_ports:
            self.start_air()
        self.start_node("bob")
        self.wait("bob's ledger answers", self.ledger_answers, 20)
        self.distribute(self.names[:-1] if funded is None else funded)
        for name in self.names[:-1]:
            self.start_node(name)
        for name in self.names:
            self.wait(f"{name}'s control socket", (self.folder / f"{name}.sock").exists, 20)
        self.wait("everybody knows everybody", self.all_known, 120, each)

    def ledger_answers(self):
        done = subprocess.run(["curl", "-s", "--noproxy", "*", f"{self.node_url()}/api/v1/health"],
                              capture_output=True)
        return done.returncode == 0

    def links_wanted(self, name):
        return 1 if name in ("alice", "bob") else 2

    def all_known(self):
        for name in self.names:
            if self.ask(name, "status")["nodes_known"] < len(self.names):
                return False
            up = [l for l in self.ask(name, "links")["links"] if l["up"]]
            if len(up) < self.links_wanted(name):
                return False
        return True

    def fetch(self, path, out, limit_s=600):
        """curl through alice's SOCKS5 port, in the background."""
        return subprocess.Popen(["curl", "-sS", "--fail", "--max-time", str(limit_s), "--noproxy", "",
                                 "--socks5-hostname", f"127.0.0.1:{self.socks_port}", "-o", str(out),
                                 f"http://files.bob.sky/{path}"], stderr=subprocess.PIPE, text=True)

    def accounts(self, name):
        return self.ask(name, "pay")["accounts"]

    def books_agree(self):
        """Both ends of every account say the same, and all that is owed in whole thousandths is vouched for."""
        earns = {(self.keys[n], a["peer"]): a for n in self.names for a in self.accounts(n) if a["role"] == "earns"}
        for name in self.names:
            for a in self.accounts(name):
                b = earns.get((a["peer"], self.keys[name]))
                if a["role"] != "pays":
                    continue
                if b is None or any(a[k] != b[k] for k in ("owed", "billed_bytes", "vouched", "settled")):
                    return False
                if droplets(a["owed"]) - droplets(a["vouched"]) - droplets(a["settled"]) >= 1000:
                    return False
        return True
