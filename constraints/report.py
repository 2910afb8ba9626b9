#!/usr/bin/env python3
"""Says what a placed and routed design takes and how fast it is: report.py BOARD REPORT.json BEGAN TOOLS.

Exits with 1 if the radio's clock misses its target, since the bitstream would then be wrong.
"""
import json
import sys
import time

ROWS = [("LUT sites (LUT4, carry, distributed RAM)", "TRELLIS_COMB"), ("flip-flops", "TRELLIS_FF"),
        ("block RAM (DP16KD)", "DP16KD"), ("multipliers (MULT18X18D)", "MULT18X18D"), ("PLL", "EHXPLLL")]
CLOCKS_PER_SAMPLE = 4


def main(board, report, began, tools):
    with open(report) as file:
        data = json.load(file)
    print(f"{board}: {tools.strip()}")
    for name, key in ROWS:
        use = data["utilization"][key]
        print(f"  {name:42s}{use['used']:7d} of {use['available']:6d}  {100 * use['used'] / use['available']:3.0f} %")
    good = True
    for clock, speed in data["fmax"].items():
        met = speed["achieved"] >= speed["constraint"]
        good = good and met
        print(f"  {clock.split('$')[-1]:42s}{speed['achieved']:7.1f} MHz; needs {speed['constraint']:.1f} MHz: "
              f"{'met' if met else 'MISSED'}")
    slowest = min(speed["achieved"] for speed in data["fmax"].values())
    widest = [mhz for mhz in (20, 10, 5) if mhz * CLOCKS_PER_SAMPLE <= slowest]
    print(f"  widest channel at {CLOCKS_PER_SAMPLE} clocks a sample{'':13s}{f'{widest[0]} MHz' if widest else 'none':>11s}")
    with open(began) as file:
        print(f"  built in {time.time() - int(file.read()):.0f} s")
    return 0 if good else 1


sys.exit(main(*sys.argv[1:]))
