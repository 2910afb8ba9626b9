#!/usr/bin/env python3
"""What the ledger and the money cost: one run, one machine, one table, with the targets beside.

    ledger_bench.py [SYNCED [KEPT]]    blocks that are synced (20000), blocks of the memory's row (100000; 0: without)

Rates of keys, vouchers and verification are per processor second of one core; those of syncing also by the wall clock, which
a loaded machine bends. Memory is VmHWM: the most that was ever resident, libraries too."""
import pathlib, subprocess, sys, tempfile
from sync_bench import BUILD, Chain, resident

SYNCED = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
KEPT = int(sys.argv[2]) if len(sys.argv) > 2 else 100000
VOUCHERS = 100e6 / 8 / 2**20  # a second, at 100 Mb/s with one a MiB
rows = []


def row(what, value, unit, target=None, least=True):
    verdict = "" if target is None else "reached" if (value >= target) == least or value == target else "MISSED"
    rows.append(verdict)
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    aim = "" if target is None else f"{'≥' if least else '≤'} {target:,} {unit}"
    print(f"| {what:58s} | {shown + ' ' + unit:>14s} | {aim:>14s} | {verdict:7s} |", flush=True)


def keys(folder):
    out = subprocess.run([BUILD / "bench/ledger_keys", folder / "keys.db"], check=True, capture_output=True, text=True).stdout
    rates = {}
    for line in out.splitlines():
        what, value, target, unit = line.split("\t")
        rates[what] = float(value) if unit else 0
        if unit == "/s":
            row(what, float(value), unit, int(target))
        elif unit:
            row(what, float(value), unit)
    for who in ("made", "checked"):
        row(f"of one core at 100 Mb/s, a voucher per MiB {who}", 100 * VOUCHERS / rates[f"voucher {who}"], "%", 0.5, least=False)


def syncing(folder):
    chain = Chain(folder, SYNCED)
    wall, cpu = chain.verify()
    row(f"stored chain of {SYNCED:,} blocks verified, cold", cpu, "/s", 4000)
    with chain.synced() as (source, follower, rate, per_cpu):
        row(f"{SYNCED:,} blocks synced over loopback, wall clock", rate, "/s", 1500)
        row("the same, per processor second of the follower", per_cpu, "/s")


def memory(folder):
    chain = Chain(folder, KEPT)
    with chain.running() as node:
        node.browse()
        row(f"resident memory, private network of {KEPT:,} blocks, peak", resident(node.process)["VmHWM"], "MiB", 64, least=False)
        unspent = len(node.ask("outputs")["head_outputs"])
        row(f"the same, asked for all {unspent:,} unspent outputs at once", resident(node.process)["VmHWM"], "MiB")


with tempfile.TemporaryDirectory() as name:
    name = pathlib.Path(name)
    print(f"| {'what':58s} | {'measured':>14s} | {'target':>14s} | {'':7s} |\n|{'-' * 60}|{'-' * 16}|{'-' * 16}|{'-' * 9}|")
    keys(name)
    syncing(name / "synced")
    if KEPT > 0:
        memory(name / "kept")
sys.exit(1 if "MISSED" in rows else 0)
