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
CORE = "clk"                                   # the core's clock, in every top
CLOCKS_PER_SAMPLE = 4


def named(net):
    """What a clock is called in the top: nextpnr puts a global net's mark before it and an input pin's behind."""
    return net.removeprefix("$glbnet$").removesuffix("$TRELLIS_IO_IN")


class Result:
    def __init__(self, path):
        with open(path) as file:
            data = json.load(file)
        self.use = data["utilization"]
        self.clocks = {named(net): (speed["achieved"], speed["constraint"]) for net, speed in data["fmax"].items()}
        if CORE not in self.clocks:
            sys.exit(f"report: {path}: no clock named {CORE}; there are: {', '.join(self.clocks)}")
        with open(path.removesuffix(".json") + ".seconds") as file:
            self.seconds = int(file.read())
        self.board = os.path.basename(os.path.dirname(os.path.abspath(path)))
        self.seed = os.path.basename(path).removeprefix("seed-").removesuffix(".json")

    def missed(self):
        return [clock for clock, (got, wanted) in self.clocks.items() if got < wanted]

    def core(self):
        """MHz reached and needed of the clock that the radio runs on."""
        return self.clocks[CORE]

    def others(self):
        return ", ".join(f"{clock} {got:.1f} ({wanted:.1f})" for clock, (got, wanted) in self.clocks.items() if clock != CORE)


def report(board, path, tools):
    result = Result(path)
    print(f"{board}: {tools.strip()}, seed {result.seed}")
    for name, key in ROWS:
        use = result.use[key]
        print(f"  {name:42s}{use['used']:7d} of {use['available']:6d}  {100 * use['used'] / use['available']:3.0f} %")
    for clock, (got, wanted) in result.clocks.items():
        print(f"  {clock:42s}{got:7.1f} MHz; needs {wanted:.1f} MHz: {'met' if got >= wanted else 'MISSED'}")
    widest = [mhz for mhz in (20, 10, 5) if mhz * CLOCKS_PER_SAMPLE <= min(result.core())]
    print(f"  widest channel at {CLOCKS_PER_SAMPLE} clocks a sample{'':13s}{f'{widest[0]} MHz' if widest else 'none':>11s}")
    print(f"  built in {result.seconds} s")
    return 1 if result.missed() else 0


def table(*paths):
    print("| board | seed | LUT sites | FF | DP16KD | MULT18X18D | core's MHz | needed | other clocks' MHz (needed) | s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for path in paths:
        result = Result(path)
        got, wanted = result.core()
        used = " | ".join(f"{result.use[key]['used']}" for _, key in ROWS[:4])
        print(f"| {result.board} | {result.seed} | {used} | {got:.1f} | {wanted:.1f} | {result.others()} | {result.seconds} |")
    return 0


sys.exit(table(*sys.argv[2:]) if sys.argv[1] == "--table" else report(*sys.argv[1:]))
