#!/usr/bin/env python3
"""What each module of a synthesised design takes: area.py NETLIST.json [DEPTH].

Read off the flattened netlist, where a cell's name tells the module it came from; so what one module's logic
became when it was joined with its neighbour's is counted once, where Yosys named it. Sites: a LUT4 is one, a
CCU2C two, a 16 x 4 bits distributed RAM six. What nextpnr adds is not in here.
"""
import collections
import json
import sys

SITES = {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6}
COLUMNS = [("LUT4", "LUT4"), ("CCU2C", "carry"), ("TRELLIS_DPR16X4", "RAM16x4"), ("TRELLIS_FF", "FF"), ("DP16KD", "DP16KD"),
           ("MULT18X18D", "MULT18")]


def main(path, depth="4"):
    with open(path) as file:
        design = json.load(file)
    top = next(m for m in design["modules"].values() if m.get("attributes", {}).get("top"))
    count = collections.defaultdict(collections.Counter)
    for name, cell in top["cells"].items():
        parts = name.split(".")[:-1]
        for n in range(min(len(parts), int(depth)) + 1):
            count[tuple(parts[:n])][cell["type"]] += 1
    print("| module | sites | " + " | ".join(title for _, title in COLUMNS) + " |")
    print("|---|" + "---|" * (len(COLUMNS) + 1))

    def sites(cells):
        return sum(weight * cells[kind] for kind, weight in SITES.items())

    def walk(prefix):
        cells = count[prefix]
        name = "&nbsp;&nbsp;" * len(prefix) + (prefix[-1] if prefix else "all")
        print(f"| {name} | {sites(cells)} | " + " | ".join(str(cells[kind]) for kind, _ in COLUMNS) + " |")
        below = [p for p in count if len(p) == len(prefix) + 1 and p[:-1] == prefix and count[p]["TRELLIS_FF"] > 8]
        for p in sorted(below, key=lambda p: -sites(count[p])):
            walk(p)

    walk(())


main(*sys.argv[1:])
