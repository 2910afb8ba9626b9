#!/usr/bin/env python3
"""skywave as a careless user meets it: files that are none, full disks, wrong words. Each ends with a line that says what is wrong,
with status 1 (2: wrong usage), and loses nothing that was there."""
import json, os, pathlib, socket, subprocess, sys, tempfile, threading
import skw_tap
from skw_tap import check

SKYWAVE = pathlib.Path(os.environ.get("BUILD", "build")).absolute() / "bin/skywave"


def skywave(*args, out=subprocess.PIPE, data=b""):
    return subprocess.run([str(SKYWAVE), *map(str, args)], input=data, stdout=out, stderr=subprocess.PIPE, timeout=60)


def says(what, words, status, *args, **more):
    done = skywave(*args, **more)
    lines = done.stderr.decode()
    check(what, done.returncode == status and words in lines, (done.returncode, lines))
    return done


def full_disk(folder, frame):
    """Whoever writes to standard output says that it cannot."""
    with open("/dev/full", "wb") as full:
        for args in (["--help"], ["phy", "--help"], ["phy", "decode", "--engine", "soft", frame], ["phy", "inspect", frame],
                     ["phy", "sweep", "--engine", "soft", "--rates", "24", "--snr", "9:9:1", "--frames", "1"], ["monitor", frame],
                     ["monitor", "--json", frame], ["wallet", "addressgen", "--seed", "x", "--any-seed"],
                     ["wallet", "verify", "2GgFvqoyk9RjwVzj8tqfcXVXB4orBwoc9qv"]):
            says(f"skywave {' '.join(map(str, args))}: to a full disk", "standard output: cannot be written", 1, *args, out=full)


def strange_files(folder, frame):
    empty = folder / "empty"
    empty.write_bytes(b"")
    for args in (["phy", "decode", "--engine", "soft"], ["monitor"], ["ledger", "verify"], ["ledger", "parse"]):
        says(f"skywave {' '.join(args)}: an empty file", "empty", 1, *args, empty)
    for args in (["phy", "decode", "--engine", "soft"], ["phy", "inspect"], ["monitor"], ["ledger", "verify"], ["ledger", "parse"],
                 ["ledger", "export"], ["wallet", "check"], ["pay", "receipts", "--verify"]):
        words = " ".join(args)
        says(f"skywave {words}: a directory", "directory", 1, *args, folder)
        says(f"skywave {words}: no such file", "No such file", 1, *args, folder / "missing")
    says("an I/Q file without frames is said to have none", "no frame found", 1, "phy", "inspect", "--format", "cu8", "/dev/null")
    says("a frame beyond the last", "it has 1", 1, "phy", "inspect", "--frame", "3", frame)


def nothing_is_lost(folder, frame):
    kept = folder / "kept.pcap"
    kept.write_text("precious")
    says("monitor of a file that is missing", "No such file", 1, "monitor", folder / "missing", "--pcap", kept)
    check("leaves the capture that was there", kept.read_text() == "precious")
    pipe = folder / "pipe.png"
    os.mkfifo(pipe)
    says("a picture does not take a device's place", "no regular file", 1, "phy", "inspect", frame, "--png", pipe)
    check("it is still there", pipe.is_fifo() and not (folder / "pipe.png.part").exists())


def wrong_words(folder, frame):
    for words, args in (("no command", ["fly"]), ("usage", []), ("sweep or inspect", ["phy", "fly"]), ("usage", ["ping"]),
                        ("--count", ["ping", "bob", "--count", "0"]), ("no option", ["monitor", "--fly"]),
                        ("--trace", ["phy", "decode", "--engine", "rtl", "--from", "5", frame])):
        says(f"skywave {' '.join(map(str, args))}", words, 2, *args)
    for command in ("status", "links", "circuits", "ping", "trace", "speedtest", "names", "pay"):
        done = skywave(command, "--help")
        check(f"skywave {command} --help tells what it is about", done.returncode == 0 and b"SKYWAVE_CONTROL" in done.stdout and
              len(done.stdout.splitlines()) > 4, done.stdout)


def answers(folder, rows):
    """What a daemon would say, for a question."""
    path = folder / "control"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def serve():
        client, _ = server.accept()
        client.makefile().readline()
        client.sendall(json.dumps(rows).encode() + b"\n")
        client.close()

    thread = threading.Thread(target=serve)
    thread.start()
    done = skywave("links", "--control", path)
    thread.join()
    server.close()
    path.unlink()
    return done.stdout.decode()


def tables(folder):
    text = answers(folder, {"links": [{"peer": "a", "port": "udp"}, {"peer": "bb", "port": "radio", "snr_db": 31.5},
                                      {"peer": "c", "port": "udp", "snr_db": 7.25}]}).splitlines()
    check("a table has the columns of all its rows", text[1].split() == ["peer", "port", "snr_db"], text)
    check("and each value under its own", [line.find(".") for line in text[2:]] == [-1, *[text[1].find("snr_db") + k for k in (2, 1)]],
          text)


def versions():
    for name in ("skywave", "skywaved", "skywave-ledger", "skywave-air"):
        done = subprocess.run([str(SKYWAVE.parent / name), "--version"], capture_output=True, timeout=60)
        words = done.stdout.decode().split()
        check(f"{name} --version", done.returncode == 0 and words[:1] == [name] and len(words) == 2 and
              words[1][0].isdigit() and not done.stderr, done)


def main():
    versions()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        frame = folder / "frame.cf32"
        made = skywave("phy", "encode", "--engine", "soft", "--rate", "24", "--fcs", "--out", frame, data=b"hello")
        check("a frame", made.returncode == 0, made.stderr)
        full_disk(folder, frame)
        strange_files(folder, frame)
        nothing_is_lost(folder, frame)
        wrong_words(folder, frame)
        tables(folder)
    return skw_tap.status()


if __name__ == "__main__":
    sys.exit(main())
