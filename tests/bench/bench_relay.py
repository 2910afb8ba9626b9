#!/usr/bin/env python3
"""Processor seconds a relay takes per GB of full cells, over loopback, beside the cost of the primitives.
GB=n (default 1) sets how much is sent; the relay runs on one core, the load on another."""
import os, pathlib, socket, subprocess, sys, tempfile, time

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).absolute()
DAEMON = os.environ.get("DAEMON", str(BUILD / "bin/skywaved"))


def free_port(host):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def pinned(core):
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cores[core % len(cores)]})


def bench(host, gigabytes):
    with tempfile.TemporaryDirectory(prefix="skywave-") as folder:
        port, ini = free_port(host), pathlib.Path(folder) / "relay.ini"
        ini.write_text(f"[node]\nstate = {folder}/state\nlog = unusual\n"
                       f"[udp]\nlisten = {f'[{host}]' if ':' in host else host}:{port}\n")
        key = subprocess.run([DAEMON, "--key", ini], capture_output=True, text=True, check=True).stdout.strip()
        relay = subprocess.Popen([DAEMON, ini], preexec_fn=pinned(0))
        try:
            time.sleep(0.3)
            if os.environ.get("PERF"):
                perf = subprocess.Popen(["perf", "record", "-q", "-g", "-o", os.environ["PERF"], "-p", str(relay.pid)])
                time.sleep(0.5)
            done = subprocess.run([BUILD / "bench/relay_load", key, host, str(port), str(relay.pid), str(gigabytes)],
                                  preexec_fn=pinned(1))
            if os.environ.get("PERF"):
                perf.send_signal(2)
                perf.wait()
            for line in pathlib.Path(f"/proc/{relay.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    print("resident:", line.split()[1], "kB")
            return done.returncode
        finally:
            relay.terminate()
            relay.wait()


sys.exit(sum(bench(host, os.environ.get("GB", "1")) for host in os.environ.get("HOSTS", "127.0.0.1").split()))
