#!/usr/bin/env python3
"""Checks the walls of docs/architecture.md: a room includes only rooms nearer the antenna than itself,
and the plain ones everybody stands on. pay and ledger stand beside the way."""
import pathlib, re, sys

PLAIN = {"wire", "keys"}
MAY = {
    "wire": set(),
    "keys": {"wire"},
    "modem": set(),
    "plain": {"modem"},
    "mac": set(),
    "link": {"mac"},
    "onion": {"link"},
    "session": {"onion", "link"},
    "ledger": set(),
    "http": {"ledger"},
    "ledgerd": {"ledger", "http"},
    "pay": {"ledger"},
    "soapy": set(),
    "node": {"plain", "mac", "link", "onion", "session", "ledger", "http", "pay"},
    "cli": {"modem", "plain", "ledger", "pay", "radio"},
    "radio": set(),
    "air": {"radio"},
    "net": {"node", "link", "onion", "session", "ledger", "pay"},
}
# Protocol rooms hold no socket, thread or clock.
PURE = {"wire", "keys", "modem", "mac", "link", "onion", "session", "pay"}
WORLD = re.compile(r"\b(socket|connect|bind|sendto|recvfrom|pthread_create|clock_gettime|gettimeofday|time|usleep|nanosleep)\s*\(")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", re.S)
INCLUDE = re.compile(r'^#include "([^/"]+)/', re.M)

bad = 0
root = pathlib.Path(__file__).resolve().parents[2]
for path in sorted(list(root.glob("host/*/*.[ch]")) + list(root.glob("host/*/*.cpp")) + list(root.glob("sim/*/*.[ch]"))):
    room = path.parent.name
    text = path.read_text()
    if room not in MAY:
        print(f"{path.relative_to(root)}: no room '{room}' in the plan")
        bad += 1
        continue
    for other in INCLUDE.findall(text):
        if other != room and other not in PLAIN | MAY[room]:
            print(f"{path.relative_to(root)}: {room} may not include {other}")
            bad += 1
    if room in PURE and (path.parent.name, path.stem) not in {("keys", "skw_identity")}:
        for call in WORLD.findall(COMMENT.sub(" ", text)):
            print(f"{path.relative_to(root)}: a protocol room calls {call}()")
            bad += 1
sys.exit(1 if bad else 0)
