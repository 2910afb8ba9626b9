#!/usr/bin/env python3
"""Disconnects the carries that nobody reads: trim.py NETLIST.json, in place.

nextpnr gives each carry output that has a net a CCU2C of its own (two LUT sites) to lead it out, read or not, and each chain with
something at its first carry input another to lead it in, though constraints/carry.v made that input irrelevant.
"""
import json
import sys


def propagates(cell):
    """Whether the first half's LUT4 can be 1 at all, so that CIN matters."""
    return "1" in cell["parameters"]["INIT0"][:-4]


def trim(module):
    cells = module["cells"].values()
    read = {bit for port in module["ports"].values() for bit in port["bits"]}
    for cell in cells:
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] != "output":
                read.update(bits)
    for cell in cells:
        if cell["type"] != "CCU2C":
            continue
        wires = cell["connections"]
        if not read.intersection(wires.get("COUT", [])):
            wires["COUT"] = ["x"]
        if not propagates(cell):
            wires["CIN"] = ["x"]


def main(path):
    with open(path) as file:
        netlist = json.load(file)
    for module in netlist["modules"].values():
        if module.get("attributes", {}).get("top"):
            trim(module)
    with open(path, "w") as file:
        json.dump(netlist, file)


main(*sys.argv[1:])
