#!/usr/bin/env python3
"""A wallet is locked with a gigabyte of scrypt over REST: seconds in which the node goes on answering, and which a shutdown does not forget."""
import concurrent.futures, json, pathlib, subprocess, sys, tempfile, time
import skw_tap
from skw_tap import check
from ledger_test import BUILD, Node, TOOL, wait


def longest(node, until, seconds):
    """The longest time that a short question waited for its answer while `until` was not done, and how many there were."""
    worst = asked = 0
    end = time.monotonic() + seconds
    while not until.done() and time.monotonic() < end:
        start = time.monotonic()
        status, _ = node.ask("/api/v1/version")
        worst = max(worst, time.monotonic() - start if status == 200 else 99)
        asked += 1
        time.sleep(0.02)
    return worst, asked


def main(folder, nodes):
    subprocess.run([TOOL, "make", folder, "1"], check=True)
    node = Node(folder, "locks", "--api", "READ,WALLET")
    nodes.append(node)
    node.start()
    check("the node is up", wait(lambda: node.ask("/api/v1/version")[0] == 200))
    node.patience = 60
    made = json.loads(node.post("/api/v1/wallet/create", {"type": "deterministic", "seed": "a seed", "label": "mine"})[1])
    wallet = made["meta"]["filename"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        locking = [pool.submit(node.post, "/api/v1/wallet/encrypt", {"id": wallet, "password": "pw"}) for _ in range(2)]
        time.sleep(0.2)
        worst, asked = longest(node, locking[0], 2)
        check(f"while a wallet is being locked, {asked} questions waited {worst:.2f} s at most", asked > 5 and worst < 1, (worst, asked))
        node.process.terminate()
        node.process.wait(60)
        check("the end waits for the key that is being made, not for the next", node.process.returncode == 0)
        check("who waited is told so, or left", all(l.result()[0] in (0, 200, 400, 503) for l in locking), [l.result() for l in locking])
    kept = folder / "locks/wallets" / wallet
    password = folder / "password"
    password.write_text("pw\n")
    password.chmod(0o600)
    if json.loads(kept.read_text())["meta"]["encrypted"] == "false":
        subprocess.run([BUILD / "bin/skywave", "wallet", "encrypt", kept, "--light", "--password-file", password], check=True, capture_output=True)
    node.start()
    check("the wallet is there, whole", wait(lambda: '"entries"' in node.ask(f"/api/v1/wallet?id={wallet}")[1]))
    status, text = node.post("/api/v1/wallet/newAddress", {"id": wallet, "password": "other"})
    check("another password is wrong", status == 400 and "invalid password" in text, text)
    status, text = node.post("/api/v1/wallet/newAddress", {"id": wallet, "password": "pw"})
    check("with its own, opened and locked again, it takes an address", status == 200 and len(json.loads(text)["addresses"]) == 1, text)
    node.process.terminate()
    node.process.wait()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="skywave-lock-") as folder:
        nodes = []
        try:
            main(pathlib.Path(folder), nodes)
        finally:
            for node in nodes:
                if node.process and node.process.poll() is None:
                    node.kill()
            if skw_tap.failed:
                skw_tap.show_logs(folder)
    sys.exit(skw_tap.status())
