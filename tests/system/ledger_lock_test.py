#!/usr/bin/env python3
"""A wallet is locked with a gigabyte of scrypt over REST: seconds in which the node goes on answering, and which a shutdown does not forget."""
import concurrent.futures, json, pathlib, subprocess, sys, tempfile, time
import skw_tap
from skw_tap import check
from ledger_test import BUILD, Node, TOOL, wait


def answered(node, until, seconds):
    """How many short questions were answered while `until` was not done, and the longest time that one waited."""
    worst = count = 0
    end = time.monotonic() + seconds
    while not until.done() and time.monotonic() < end and count < 50:
        start = time.monotonic()
        status, _ = node.ask("/api/v1/version")
        worst = max(worst, time.monotonic() - start)
        count += status == 200 and not until.done()
        time.sleep(0.02)
    return count, worst


def main(folder, nodes):
    subprocess.run([TOOL, "make", folder, "1"], check=True)
    node = Node(folder, "locks", "--api", "READ,WALLET")
    nodes.append(node)
    node.start()
    check("the node is up", wait(lambda: node.ask("/api/v1/version")[0] == 200))
    node.patience = 60
    made = json.loads(node.post("/api/v1/wallet/create", {"type": "deterministic", "seed": "a seed", "label": "mine"})[1])
    wallet = made["meta"]["filename"]
    kept = folder / "locks/wallets" / wallet
    with concurrent.futures.ThreadPoolExecutor() as pool:
        locking = pool.submit(node.post, "/api/v1/wallet/encrypt", {"id": wallet, "password": "pw"})
        time.sleep(0.2)
        count, worst = answered(node, locking, 2)
        check(f"while a wallet is being locked, {count} questions are answered, after {worst:.2f} s at most", count > 0, (count, worst))
        node.kill()
    check("a kill leaves the wallet as it was, or locked", json.loads(kept.read_text())["meta"]["encrypted"] in ("true", "false"))
    password = folder / "password"
    password.write_text("pw\n")
    password.chmod(0o600)
    if json.loads(kept.read_text())["meta"]["encrypted"] == "false":  # from here on with a cheap key
        subprocess.run([BUILD / "bin/skywave", "wallet", "encrypt", kept, "--light", "--password-file", password], check=True, capture_output=True)
    node.start()
    check("the wallet is there, whole", wait(lambda: '"entries"' in node.ask(f"/api/v1/wallet?id={wallet}")[1]))
    status, text = node.post("/api/v1/wallet/newAddress", {"id": wallet, "password": "other"})
    check("another password is wrong", status == 400 and "invalid password" in text, text)
    status, text = node.post("/api/v1/wallet/newAddress", {"id": wallet, "password": "pw"})
    check("with its own, opened and locked again, it takes an address", status == 200 and len(json.loads(text)["addresses"]) == 1, text)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        many = [pool.submit(node.post, "/api/v1/wallet/newAddress", {"id": wallet, "password": "pw"}) for _ in range(6)]
        time.sleep(0.1)
        node.process.terminate()
        node.process.wait(60)
        check("the end does not wait for all who wait", node.process.returncode == 0)
        said = [f.exception() or f.result() for f in many]
        check("they are told so, or left", all(isinstance(s, Exception) or s[0] in (0, 200, 503) for s in said), said)
    taken = sum(not isinstance(s, Exception) and s[0] == 200 for s in said)
    node.start()
    check("what was answered is kept", wait(lambda: node.ask(f"/api/v1/wallet?id={wallet}")[0] == 200) and
          len(json.loads(node.ask(f"/api/v1/wallet?id={wallet}")[1])["entries"]) >= 2 + taken, taken)
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
