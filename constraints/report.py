#!/usr/bin/env python3
"""Says what a placed and routed design takes and how fast it is.

    report.py BOARD SEED.json TOOLS    for one; exits with 1 if a clock misses its target, since the bitstream would then be wrong
    report.py --table SEED.json...     a Markdown row for each

SEED.json is nextpnr's report; beside it lies SEED.seconds, what synthesis, placing and routing took.
"""
import json
import os
import sys

ROWS = [("LUT sites (LUT4, carry, distributed RAM)", "TRELLIS_COMB"), ("flip-flops", "TRELLIS_FF"),
        ("block RAM (DP16KD)", "DP16KD"), ("multipliers (MULT18X18D)", "MULT18X18D"), ("PLL", "EHXPLLL")]
CLOCKS_PER_SAMPLE = 4


class Result:
    def __init__(self, path):
        with open(path) as file:
            data = json.load(file)
        self.use = data["utilization"]
        self.clocks = {clock.split("$")[-1]: (speed["achieved"], speed["constraint"]) for clock, speed in data["fmax"].items()}
        with open(path.removesuffix(".json") + ".seconds") as file:
            self.seconds = int(file.read())
        self.board = os.path.basename(os.path.dirname(os.path.abspath(path)))
        self.seed = os.path.basename(path).removeprefix("seed-").removesuffix(".json")

    def missed(self):
        return [clock for clock, (got, wanted) in self.clocks.items() if got < wanted]

    def radio(self):
        """The clock that the radio runs on: the one with the least margin, if there are several."""
        return min(self.clocks.values(), key=lambda speed: speed[0] / speed[1])


def report(board, path, tools):
    result = Result(path)
    print(f"{board}: {tools.strip()}, seed {result.seed}")
    for name, key in ROWS:
        use = result.use[key]
        print(f"  {name:42s}{use['used']:7d} of {use['available']:6d}  {100 * use['used'] / use['available']:3.0f} %")
    for clock, (got, wanted) in result.clocks.items():
        print(f"  {clock:42s}{got:7.1f} MHz; needs {wanted:.1f} MHz: {'met' if got >= wanted else 'MISSED'}")
    slowest = min(got for got, _ in result.clocks.values())
    widest = [mhz for mhz in (20, 10, 5) if mhz * CLOCKS_PER_SAMPLE <= slowest]
    print(f"  widest channel at {CLOCKS_PER_SAMPLE} clocks a sample{'':13s}{f'{widest[0]} MHz' if widest else 'none':>11s}")
    print(f"  built in {result.seconds} s")
    return 1 if result.missed() else 0


def table(*paths):
    print("| board | seed | LUT sites | FF | DP16KD | MULT18X18D | MHz reached | needed | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for path in paths:
        result = Result(path)
        got, wanted = result.radio()
        used = " | ".join(f"{result.use[key]['used']}" for _, key in ROWS[:4])
        print(f"| {result.board} | {result.seed} | {used} | {got:.1f} | {wanted:.1f} | {result.seconds} |")
    return 0


sys.exit(table(*sys.argv[2:]) if sys.argv[1] == "--table" else report(*sys.argv[1:]))
