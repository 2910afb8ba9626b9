#!/usr/bin/env python3
"""Which ways between registers are long, told from the netlist before it is placed: paths.py NETLIST.json [ROWS].

In seconds, where placing takes minutes: cells at their delays of grade 6, a wire at 0.55 ns and 0.13 more for each doubling of its
loads, none inside a carry chain or a wide multiplexer. Ways that begin and end at the same registers are one row: the longest
of them, how many ends they have, cells passed, loads of the first wire. It ranks; what a way takes in the end, the placer decides.
"""
import collections
import json
import math
import re
import sys

LUT, CARRY_IN, CARRY, CARRY_OUT, SELECT = 0.236, 0.447, 0.07, 0.443, 0.24
FROM_REGISTER, FROM_MEMORY, PRODUCT = 0.525, 5.83, 3.93
ENDS = {"TRELLIS_FF": ("DI", "CE", "LSR"), "DP16KD": ("ADA", "ADB", "DIA", "DIB", "CEA", "CEB", "WEA", "WEB"),
        "TRELLIS_DPR16X4": ("DI", "WAD", "WRE")}
GATE, FIRST, SECOND = ("A", "B", "C", "D"), ("A0", "B0", "C0", "D0"), ("A1", "B1", "C1", "D1")


def arcs(kind, out):
    """(input pins, delay, whether a wire leads there) of what leads to the output pin."""
    if kind == "LUT4":
        return [(GATE, LUT, True)]
    if kind == "CCU2C":
        chain = CARRY if out == "COUT" else CARRY_OUT
        first = CARRY_IN if out == "COUT" else LUT if out == "S0" else CARRY_IN + CARRY
        return [(("CIN",), chain, False), (FIRST, first, True)] + ([] if out == "S0" else [(SECOND, CARRY_IN if out == "COUT" else LUT, True)])
    if kind == "PFUMX":
        return [(("ALUT", "BLUT"), 0, False), (("C0",), SELECT, True)]
    if kind == "L6MUX21":
        return [(("D0", "D1"), 0.17, False), (("SD",), SELECT, True)]
    if kind == "MULT18X18D":
        return [(tuple(f"{side}{n}" for side in "AB" for n in range(18)), PRODUCT, True)]
    if kind == "TRELLIS_DPR16X4":
        return [(("RAD",), LUT, True)]
    return []


class Netlist:
    def __init__(self, path):
        with open(path) as file:
            design = json.load(file)
        self.cells = next(m for m in design["modules"].values() if m.get("attributes", {}).get("top"))["cells"]
        self.loads, self.driver, self.known = collections.Counter(), {}, {}
        for name, cell in self.cells.items():
            for pin, bits in cell["connections"].items():
                for bit in bits:
                    if cell["port_directions"][pin] == "output":
                        self.driver[bit] = (name, pin)
                    else:
                        self.loads[bit] += 1

    def wire(self, bit):
        return 0.55 + 0.13 * math.log2(self.loads[bit] + 1)

    def arrival(self, bit):
        """(when the wire's driver is through, the wire before it on the longest way)"""
        if bit not in self.known:
            self.known[bit] = (0.0, None)              # loops, pins and constants come at 0
            self.known[bit] = self.through(*self.driver[bit]) if bit in self.driver else (0.0, None)
        return self.known[bit]

    def through(self, name, out):
        cell = self.cells[name]
        if cell["type"] in ("TRELLIS_FF", "DP16KD"):
            return (FROM_REGISTER if cell["type"] == "TRELLIS_FF" else FROM_MEMORY, None)
        latest = (0.0, None)
        for pins, delay, wired in arcs(cell["type"], out):
            for bit in (bit for pin in pins for bit in cell["connections"].get(pin, []) if isinstance(bit, int)):
                latest = max(latest, (self.arrival(bit)[0] + delay + (self.wire(bit) if wired else 0), bit), key=lambda way: way[0])
        return latest

    def ways(self):
        for name, cell in self.cells.items():
            for pin, bits in cell["connections"].items():
                port = pin if cell["type"] == "TRELLIS_FF" else re.sub(r"\d+$", "", pin)
                if port in ENDS.get(cell["type"], ()):
                    for bit in (bit for bit in bits if isinstance(bit, int)):
                        yield self.arrival(bit)[0] + self.wire(bit), bit, f"{register(name)}.{port}"

    def start(self, bit):
        cells = 0
        while self.arrival(bit)[1] is not None:
            bit, cells = self.arrival(bit)[1], cells + 1
        return (register(self.driver[bit][0]) if bit in self.driver else "a pin"), cells, self.loads[bit]


def register(cell):
    return re.sub(r"\[\d+\]", "", re.sub(r"_(TRELLIS_|LUT4|CCU2C|PFUMX|L6MUX21|DP16KD|MULT18X18D).*", "", cell))


def main(path, rows="30"):
    sys.setrecursionlimit(1_000_000)
    netlist = Netlist(path)
    table = {}
    for ns, bit, end in sorted(netlist.ways(), reverse=True):
        start, cells, loads = netlist.start(bit)
        table.setdefault((start, end), [ns, 0, cells, loads])[1] += 1
    print("| ns | ends | cells | loads | from | to |\n|---|---|---|---|---|---|")
    for (start, end), (ns, ends, cells, loads) in list(table.items())[:int(rows)]:
        print(f"| {ns:.1f} | {ends} | {cells} | {loads} | {start} | {end} |")


main(*sys.argv[1:])
