#!/usr/bin/env python3
"""What syncing costs: N blocks of one transaction from one skywave-ledger to another over loopback."""
import json, os, pathlib, socket, subprocess, sys, tempfile, time, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
BLOCKS = int(sys.argv[1]) if len(sys.argv) > 1 else 20000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def seq(rest):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{rest}/api/v1/blockchain/metadata", timeout=5) as answer:
            return json.load(answer)["head"]["seq"]
    except OSError:
        return -1


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(process):
    lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return {k: int(v.split()[0]) / 1024 for k, v in (l.split(":", 1) for l in lines) if k in ("VmHWM", "RssAnon")}


def main():
    tool, program = BUILD / "test/tool_ledger_chain", BUILD / "bin/skywave-ledger"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([tool, "make", folder, str(BLOCKS)], check=True)
        rate = subprocess.run([tool, "verify", folder], check=True, capture_output=True, text=True).stdout.split()
        print(f"cold verification of {BLOCKS} stored blocks        {rate[0]:>8} blocks/s, {rate[1]} per CPU second   "
              "(target 4000)")
        wire, rests, nodes = free_port(), (free_port(), free_port()), []
        try:
            for data, listen, rest, more in ((f"{folder}/node", f"127.0.0.1:{wire}", rests[0], []),
                                             (f"{folder}/follower", "off", rests[1], ["--peer", f"127.0.0.1:{wire}"])):
                nodes.append(subprocess.Popen(
                    [program, "--network", f"{folder}/network.ini", "--data", data, "--listen", listen,
                     "--rest", f"127.0.0.1:{rest}", "--localhost-only"] + more, stderr=subprocess.DEVNULL))
                while seq(rest) < 0:
                    time.sleep(0.01)
                if data.endswith("node"):
                    assert seq(rest) == BLOCKS
            start, first = time.monotonic(), seq(rests[1])
            while seq(rests[1]) < BLOCKS and time.monotonic() - start < 300:
                time.sleep(0.05)
            assert seq(rests[1]) == BLOCKS, "it did not come to the end"
            rate = (BLOCKS - first) / (time.monotonic() - start)
            print(f"syncing {BLOCKS} blocks over loopback             {rate:8.0f} blocks/s, "
                  f"{BLOCKS / cpu_seconds(nodes[1]):.0f} per CPU second of the follower   (target 1500)")
            for name, node in zip(("source", "follower"), nodes):
                r = resident(node)
                print(f"resident memory of the {name:8s}                  {r['VmHWM']:8.1f} MiB peak, "
                      f"{r['RssAnon']:.1f} MiB its own   (target 64)")
        finally:
            for node in nodes:
                node.kill()
                node.wait()


main()
