#!/usr/bin/env python3
"""Compares each board's constraints with the table of its maker: pins.py [TOP LPF].

A port of rtl/top/TOP.sv bears the name that the table (tests/vectors/pins/TOP.tsv) has for its signal. So: every port has one place, that
of the table; no place is used twice; the electrical standard is the table's; so is a clock's frequency, where the table has one number.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Where the table asks for what the FPGA cannot do, and what is done instead.
INSTEAD = {("tinysdr", "TXCLK_P"): "LVCMOS18D",  # no LVDS drivers in a bank of 1.8 V
           ("tinysdr", "TXD_N"): "LVCMOS18D"}
PORT = re.compile(r"^\s*(?:input|output|inout)\s+(?:wire\s+|var\s+)?(?:logic\s*)?(?:\[(\d+):(\d+)\]\s*)?(\w+)\s*,?\s*(?://.*)?$", re.M)


def table(path):
    """signal -> (pin, standard, clock)"""
    rows = {}
    for line in path.read_text().splitlines():
        if line.startswith(("#", "board\t")) or not line.strip():
            continue
        _, signal, pin, standard, clock = (line.split("\t") + [""] * 3)[:5]
        rows[re.sub(r"\(.*", "", signal)] = (pin, standard if re.fullmatch(r"[A-Z]+\w+", standard) else "", clock)
    return rows


def ports(path):
    head = re.search(r"\nmodule \w+.*?\n\);", path.read_text(), re.S).group(0)
    names = set()
    for high, low, name in PORT.findall(head):
        names |= {name} if high == "" else {f"{name}[{k}]" for k in range(int(low), int(high) + 1)}
    return names


def check(top, lpf):
    """-> list of what is wrong, number of pins"""
    rows = table(ROOT / "tests/vectors/pins" / f"{top}.tsv")
    text = re.sub(r"#[^\n]*", "", lpf.read_text())
    wrong, site_of, user_of, standard_of = [], {}, {}, {}
    for port, site in re.findall(r'LOCATE\s+COMP\s+"([^"]+)"\s+SITE\s+"([^"]+)"', text):
        if port in site_of:
            wrong.append(f"{port} has two places")
        site_of[port] = site
        if site in user_of:
            wrong.append(f"{site} is used by {user_of[site]} and {port}")
        user_of[site] = port
        if port not in rows:
            wrong.append(f"{port} is not in the table")
        elif rows[port][0] != site:
            wrong.append(f"{port} is at {site}, the table says {rows[port][0]}")
    for port, options in re.findall(r'IOBUF\s+PORT\s+"([^"]+)"([^;]*);', text):
        found = re.search(r"IO_TYPE=(\w+)", options)
        standard_of[port] = found.group(1) if found else ""
    for port in sorted(site_of):
        want = INSTEAD.get((top, port), rows.get(port, ("", "", ""))[1])
        if port not in standard_of:
            wrong.append(f"{port} has no IO_TYPE")
        elif want and standard_of[port] != want:
            wrong.append(f"{port} is {standard_of[port]}, the table says {want}")
    for port, mhz in re.findall(r'FREQUENCY\s+PORT\s+"([^"]+)"\s+([\d.]+)\s+MHZ', text):
        found = re.match(r"([\d.]+)(\(max)?", rows.get(port, ("", "", ""))[2])
        if found and (float(mhz) > float(found.group(1)) if found.group(2) else float(mhz) != float(found.group(1))):
            wrong.append(f"{port} is said to be {mhz} MHz, the table says {found.group(0)}")
    have = ports(ROOT / "rtl/top" / f"{top}.sv")
    wrong += [f"port {p} has no place" for p in sorted(have - set(site_of))]
    wrong += [f"{p} is no port of {top}" for p in sorted(set(site_of) - have)]
    return wrong, len(site_of)


def main(pairs):
    bad = 0
    for top, lpf in pairs:
        wrong, pins = check(top, lpf)
        for what in wrong or ([f"no pin at all"] if not pins else []):
            print(f"{lpf}: {what}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.exit(main([(sys.argv[1], pathlib.Path(sys.argv[2]))]))
    sys.exit(main([(p.stem, p) for p in sorted((ROOT / "constraints").glob("*.lpf"))]))
