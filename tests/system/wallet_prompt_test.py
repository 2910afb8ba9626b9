#!/usr/bin/env python3
"""skywave wallet at a terminal: passwords are asked for, twice when they are new, and never echoed."""
import os, pty, resource, select, stat, sys, tempfile, time

SKYWAVE = os.path.join(os.environ.get("BUILD", "build"), "bin", "skywave")
failed = 0
locked = []  # KiB of locked memory at each prompt


def check(ok, what):
    global failed
    failed += not ok
    print("ok - " + what if ok else "FAILED - " + what)


def talk(args, answers):
    """Runs a command on its own terminal; an answer a prompt. What it wrote, and its status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(SKYWAVE, [SKYWAVE, "wallet"] + args)
    shown, deadline, sent = b"", time.time() + 60, 0
    while time.time() < deadline:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        if shown.endswith(b": "):
            with open(f"/proc/{pid}/status") as f:
                locked.extend(int(line.split()[1]) for line in f if line.startswith("VmLck"))
        if sent < len(answers) and shown.count(b": ") > sent and shown.endswith(b": "):
            os.write(fd, answers[sent].encode() + b"\n")
            sent += 1
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "w.wlt")
    words = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    shown, status = talk(["restore", path], [words])
    check(status == 0 and "seed: " in shown and "sausage" not in shown, "a seed is asked for, unseen")
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "the file is its owner's alone")
    shown, status = talk(["encrypt", path, "--light"], ["horse1", "horse2"])
    check(status == 1 and "differ" in shown, "two different new passwords are refused")
    check("sausage" in open(path).read(), "and nothing was changed")
    shown, status = talk(["encrypt", path, "--light"], ["horse1", "horse1"])
    check(status == 0 and "password again: " in shown and "horse" not in shown,
          "a new password is asked for twice, unseen")
    check("sausage" not in open(path).read(), "the file has no seed any more")
    shown, status = talk(["decrypt", path], ["horse2"])
    check(status == 1 and "wrong password" in shown, "a wrong password is told")
    shown, status = talk(["export", path, "--secrets"], ["horse1"])
    check(status == 0 and shown.count("password") == 1 and "sausage" in shown and "horse" not in shown,
          "the right one shows what was asked for")
if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == 0:
    print("skipped: no memory may be locked here")
else:
    check(locked and min(locked) > 0, "what is typed goes to locked memory")
sys.exit(failed > 0)
