#!/usr/bin/env python3
"""What syncing costs: N blocks of one transaction from one skywave-ledger to another over loopback."""
import contextlib, json, os, pathlib, socket, subprocess, sys, tempfile, time, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
TOOL, PROGRAM = BUILD / "test/tool_ledger_chain", BUILD / "bin/skywave-ledger"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(process):
    lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return {k: int(v.split()[0]) / 1024 for k, v in (l.split(":", 1) for l in lines) if k in ("VmHWM", "RssAnon")}


class Node:
    def __init__(self, folder, data, listen, *more):
        self.rest = free_port()
        self.process = subprocess.Popen(
            [PROGRAM, "--network", f"{folder}/network.ini", "--data", f"{folder}/{data}", "--listen", listen,
             "--rest", f"127.0.0.1:{self.rest}", "--localhost-only", *more], stderr=subprocess.DEVNULL)
        while self.seq() < 0:
            time.sleep(0.01)

    def ask(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.rest}/api/v1/{path}", timeout=30) as answer:
            return json.load(answer)

    def seq(self):
        try:
            return self.ask("blockchain/metadata")["head"]["seq"]
        except OSError:
            return -1

    def browse(self):
        """What a user's program asks for, so that memory is what it is in use."""
        for path in ("last_blocks?num=255", "blocks?start=1&end=100", "richlist", "coinSupply", "addresscount"):
            self.ask(path)

    def end(self):
        self.process.kill()
        self.process.wait()


class Chain:
    """A stored chain of `blocks` blocks of one transaction each, made anew."""

    def __init__(self, folder, blocks):
        self.folder, self.blocks = folder, blocks
        subprocess.run([TOOL, "make", folder, str(blocks)], check=True)

    def verify(self):
        """Blocks a second by the wall clock, and per processor second."""
        out = subprocess.run([TOOL, "verify", self.folder], check=True, capture_output=True, text=True).stdout.split()
        return float(out[0]), float(out[1])

    @contextlib.contextmanager
    def running(self, listen="off"):
        node = Node(self.folder, "node", listen)
        try:
            assert node.seq() == self.blocks
            yield node
        finally:
            node.end()

    @contextlib.contextmanager
    def synced(self):
        """Both nodes, and the rate by the wall clock and per processor second of the follower."""
        wire = f"127.0.0.1:{free_port()}"
        with self.running(wire) as source:
            follower = Node(self.folder, "follower", "off", "--peer", wire)
            try:
                start, first = time.monotonic(), follower.seq()
                while follower.seq() < self.blocks and time.monotonic() - start < 600:
                    time.sleep(0.05)
                assert follower.seq() == self.blocks, "it did not come to the end"
                rate = (self.blocks - first) / (time.monotonic() - start)
                yield source, follower, rate, self.blocks / cpu_seconds(follower.process)
            finally:
                follower.end()


def main(blocks):
    with tempfile.TemporaryDirectory() as folder:
        chain = Chain(folder, blocks)
        wall, cpu = chain.verify()
        print(f"cold verification of {blocks} stored blocks        {wall:8.0f} blocks/s, {cpu:.0f} per CPU second   (target 4000)")
        with chain.synced() as (source, follower, rate, per_cpu):
            print(f"syncing {blocks} blocks over loopback             {rate:8.0f} blocks/s, "
                  f"{per_cpu:.0f} per CPU second of the follower   (target 1500)")
            for name, node in (("source", source), ("follower", follower)):
                r = resident(node.process)
                print(f"resident memory of the {name:8s}                  {r['VmHWM']:8.1f} MiB peak, "
                      f"{r['RssAnon']:.1f} MiB its own   (target 64)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20000)
