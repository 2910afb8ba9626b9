#!/usr/bin/env python3
"""Nodes on this machine, as whoever runs one meets them: petnames and services in a browser's spelling, a password for SOCKS5,
the file of petnames with its remarks, a control socket that is somebody else's, and reasons where there is no way."""
import http.server, json, os, pathlib, signal, socket, subprocess, sys, tempfile, threading, time
import skw_tap
from skw_tap import check

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).absolute()
DAEMON, SKYWAVE = BUILD / "sanbin/skywaved", BUILD / "bin/skywave"
ENV = dict(os.environ, ASAN_OPTIONS="detect_leaks=1")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*args):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=60, env=ENV)


def wait(ready, limit_s=20):
    end = time.monotonic() + limit_s
    while time.monotonic() < end and not ready():
        time.sleep(0.1)
    return ready()


class Node:
    def __init__(self, folder, name, text):
        self.name, self.ini, self.control, self.udp = name, folder / f"{name}.ini", folder / f"{name}.sock", free_port()
        self.head = f"[node]\nname = {name}\nstate = {folder / name}\ncontrol = {self.control}\n{text}[udp]\nlisten = 127.0.0.1:{self.udp}\n"
        self.ini.write_text(self.head)
        self.key = run(DAEMON, "--key", self.ini).stdout.strip()

    def start(self, more):
        self.ini.write_text(self.head + more)
        self.log = open(self.ini.with_suffix(".log"), "w+")
        self.process = subprocess.Popen([str(DAEMON), str(self.ini)], stderr=self.log, env=ENV)
        return self

    def says(self, words):
        self.log.seek(0)
        return words in self.log.read()

    def ask(self, *words):
        return run(SKYWAVE, *words, "--control", self.control)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(f"{self.name} ends cleanly", self.process.wait(20) == 0 and not self.says("Sanitizer"), self.log.name)


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.5 if self.path == "/slow" else 0)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *args):
        pass


def curl(port, url, *more):
    return run("curl", "-sS", "-m", "20", "--socks5-hostname", f"127.0.0.1:{port}", *more, url)


def petnames(alice, file, address):
    before = "# people\nold " + address + "   # from long ago\n\n  # " + "a long remark " * 40 + "\n"
    file.write_text(before)
    added = alice.ask("names", "add", "Rob", address)
    check("a petname is added", added.returncode == 0 and "Rob" in added.stdout, added.stderr)
    check("the other lines stay as they are", file.read_text() == f"{before}Rob {address}\n", file.read_text())
    check("one is changed, whatever its case", alice.ask("names", "add", "ROB", address).returncode == 0 and
          file.read_text() == f"{before}ROB {address}\n", file.read_text())
    check("one is removed", alice.ask("names", "remove", "old").returncode == 0 and
          file.read_text() == before.replace("old " + address + "   # from long ago\n", "") + f"ROB {address}\n", file.read_text())
    gone = alice.ask("names", "remove", "old")
    check("but once only", gone.returncode == 1 and "no such petname" in gone.stderr, gone.stderr)


def spelling(socks, bob):
    for name in ("files.bob.sky", "FILES.Bob.SKY", "files.bob.sky.", f"files.{bob.key.upper()}.sky", "files.rob.sky"):
        done = curl(socks, f"http://{name}/", "-u", "x:y", "--proxy-user", "mary:xyz")
        check(f"http://{name}/", done.stdout == "hello", done.stderr)


def many(folder, socks):
    """More connections at once than a session has streams, as a browser's tabs make them."""
    urls = folder / "urls"
    urls.write_text('url = "http://files.bob.sky/slow"\noutput = "/dev/null"\n' * 150)
    done = curl(socks, "--parallel", "--parallel-max", "150", "--parallel-immediate", "-U", "mary:xyz", "-w", "%{http_code}\\n", "-K", urls)
    check("150 connections at once", done.stdout.split() == ["200"] * 150, done.stderr[-300:])


def passwords(socks):
    for what, more, good in (("the right password", ("-U", "mary:xyz"), True), ("a wrong one", ("-U", "mary:xya"), False),
                             ("none", (), False)):
        done = curl(socks, "http://files.bob.sky/", *more)
        check(f"SOCKS5 with {what}", (done.stdout == "hello") == good, done.stderr)


def control(folder, alice):
    """Nobody else's file or socket is taken away."""
    kept = folder / "kept"
    kept.write_text("precious")
    second = Node(folder, "second", "")
    for path, words in ((kept, "no socket is there"), (alice.control, "another program answers")):
        second.ini.write_text(second.head.replace(str(second.control), str(path)))
        done = run(DAEMON, second.ini)
        check(f"control: {words}", done.returncode == 1 and words in done.stderr, done.stderr)
    second.ini.write_text(second.head.replace(f"state = {folder / 'second'}", f"state = {folder / 'alice'}"))
    done = run(DAEMON, second.ini)
    check("nor is the state of another", done.returncode == 1 and "another skywaved uses it" in done.stderr, done.stderr)
    check("both are still there", kept.read_text() == "precious" and alice.ask("status").returncode == 0)
    stale = folder / "stale"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(stale))
    second.control, second.head = stale, second.head.replace(str(second.control), str(stale))
    second.start("")
    check("the socket of an earlier life is replaced", wait(lambda: second.ask("status").returncode == 0))
    second.stop()


def no_way(folder, bob):
    carol = Node(folder, "carol", "")
    carol.start(f"[peer bob]\nkey = {bob.key}\naddress = 127.0.0.1:{bob.udp}\n[path]\nrelays = 3\n[names]\nbob = {bob.key}\n")
    check("carol's log names her neighbour", wait(lambda: carol.says(f"link: {bob.key[:8]} (bob) is up")))
    nobody = Node(folder, "nobody", "")
    asks = [subprocess.Popen([str(SKYWAVE), "ping", to, "--control", str(carol.control)]) for to in ("bob", nobody.key)]
    check("the log says at once why there is no way", wait(lambda: carol.says("no path has the relays")) and
          wait(lambda: carol.says("no neighbour has told of that node")), carol.log.name)
    for process in asks: # half a minute later they would say it too
        process.terminate()
        process.wait()
    carol.stop()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        http.server.ThreadingHTTPServer.request_queue_size = 256
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        socks, file, users = free_port(), folder / "names", folder / "users"
        alice, bob = Node(folder, "alice", f"names = {file}\n"), Node(folder, "bob", "")
        users.write_text("mary xyz\n")
        users.chmod(0o600)
        bob.start(f"[peer alice]\nkey = {alice.key}\n[service Files]\ntarget = 127.0.0.1:{server.server_port}\n")
        no_way(folder, bob)
        alice.start(f"[peer bob]\nkey = {bob.key}\naddress = 127.0.0.1:{bob.udp}\n[names]\nBob = {bob.key}\n[path]\nrelays = 0\n"
                    f"[socks]\nlisten = 127.0.0.1:{socks}\nusers = {users}\n")
        check("the two are neighbours", wait(lambda: '"up": true' in alice.ask("links", "--json").stdout))
        petnames(alice, file, bob.key)
        spelling(socks, bob)
        passwords(socks)
        many(folder, socks)
        control(folder, alice)
        alice.stop()
        check("alice takes her socket away", not alice.control.exists())
        bob.stop()
        server.shutdown()
    return skw_tap.status()


if __name__ == "__main__":
    sys.exit(main())
