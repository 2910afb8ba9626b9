#!/usr/bin/env python3
"""Boards without their hardware: the constraints of each agree with its maker's table, the checker notices when they do not, and
`make flash` says what it would do, or why it cannot."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import skw_tap as tap  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/check"))
import pins  # noqa: E402

TOPS = sorted(p.stem for p in (ROOT / "constraints").glob("*.lpf"))


def spoilt(top, change):
    text = (ROOT / "constraints" / f"{top}.lpf").read_text()
    after = change(text)
    assert after != text
    with tempfile.NamedTemporaryFile("w", suffix=".lpf") as file:
        file.write(after)
        file.flush()
        return pins.check(top, pathlib.Path(file.name))[0]


def flash(board, *settings, loader=True):
    """Runs `make flash` with a loader of our own on the PATH, or none: the test needs no hardware, and must not touch any."""
    with tempfile.TemporaryDirectory() as folder:
        tools = pathlib.Path(folder) / "tools"
        tools.mkdir()
        if loader:
            (tools / "openFPGALoader").write_text("#!/bin/sh\necho loader was run\n")
            (tools / "openFPGALoader").chmod(0o755)
        path = [str(tools)]
        for place in os.environ["PATH"].split(os.pathsep):
            if not os.path.exists(os.path.join(place, "openFPGALoader")):
                path.append(place)
                continue
            for name in os.listdir(place):  # what lies beside a real one stays in reach
                if name != "openFPGALoader" and not (tools / name).is_symlink():
                    (tools / name).symlink_to(os.path.join(place, name))
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        env["PATH"] = os.pathsep.join(path)
        run = subprocess.run(["make", "--no-print-directory", "-C", str(ROOT), "flash", f"BOARD={board}", f"BUILD={folder}/b", *settings],
                             env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return run.returncode, run.stdout.decode().replace(folder, "")


def says(words, board, *settings, code=0, loader=True):
    got, text = flash(board, *settings, loader=loader)
    tap.check(f"flash {' '.join((board,) + settings)}: {words[-1]}",
              got == code and all(w in text for w in words) and "loader was run" not in text, f"status {got}: {text}")


def main():
    for top in TOPS:
        wrong, count = pins.check(top, ROOT / "constraints" / f"{top}.lpf")
        tap.check(f"{top}: {count} pins as its table has them", not wrong and count > 4, wrong)
    for top in TOPS:
        sites = re.findall(r'SITE "(\w+)"', (ROOT / "constraints" / f"{top}.lpf").read_text())
        tap.check(f"{top}: a pin moved, doubled, missing, too many, of another standard, a clock's frequency: all noticed",
                  spoilt(top, lambda t: t.replace(f'SITE "{sites[0]}"', 'SITE "Z99"'))
                  and spoilt(top, lambda t: t.replace(f'SITE "{sites[1]}"', f'SITE "{sites[0]}"'))
                  and spoilt(top, lambda t: re.sub(r"\nLOCATE[^\n]*", "", t, count=1))
                  and spoilt(top, lambda t: t + 'LOCATE COMP "more" SITE "A1";\n')
                  and spoilt(top, lambda t: re.sub(r"IO_TYPE=\w+", "IO_TYPE=LVTTL", t, count=1))
                  and spoilt(top, lambda t: re.sub(r"(FREQUENCY PORT \S+) [\d.]+", r"\1 999", t, count=1)))

    says(["would first build", "gone when power goes", "openFPGALoader -b ulx3s /b/ulx3s-85f"], "ulx3s-85f", "DRY=1")
    says(["stays when power goes", "openFPGALoader -b ulx3s --write-flash /b/ulx3s-25f"], "ulx3s-25f", "DRY=1", "PERSIST=1")
    says(["openFPGALoader -c ft2232 /b/limesdr-mini"], "limesdr-mini", "DRY=1")
    says(["its microcontroller configures the FPGA"], "tinysdr", "DRY=1", code=2)
    says(["give PERSIST=1"], "orangecrab-25f", "DRY=1", code=2)
    says(["stays when power goes", "openFPGALoader -b orangeCrab /b/orangecrab-85f"], "orangecrab-85f", "DRY=1", "PERSIST=1")
    says(["no board `nosuchboard`; there are:"], "nosuchboard", "DRY=1", code=2)
    says(["openFPGALoader is missing: make setup"], "ulx3s-85f", code=2, loader=False)
    says(["openFPGALoader is missing", "would run: openFPGALoader -b ulx3s"], "ulx3s-85f", "DRY=1", loader=False)


main()
sys.exit(tap.status())
