#!/usr/bin/env python3
"""skywave phy sweep: the figures against the ideal receiver's, the same from any number of workers and MPI ranks, going on
after SIGKILL, files of other setups and damaged ones, wrong arguments, the progress bar on a terminal."""
import csv, os, pathlib, pty, shutil, signal, struct, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(__file__))
from skw_tap import check, status

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKYWAVE = str(pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve() / "bin/skywave")
# Signal to noise at which 10 % of 1,000-byte frames are lost: soft decisions, perfect channel and timing (by simulation
# of the code alone, statistical error 0.1 dB).
IDEAL = {6: -0.3, 24: 8.3, 54: 17.1}
scratch = tempfile.TemporaryDirectory()
os.chdir(scratch.name)
SMALL = ["--engine", "soft", "--rates", "6,24", "--snr", "-2:10:3", "--frames", "25", "--length", "100"]


def run(*args, launcher=(), **more):
    return subprocess.run([*launcher, SKYWAVE, "phy", "sweep", *map(str, args)], capture_output=True, text=True,
                          timeout=300, **more)


def rows(text):
    return [(int(r["rate_mbps"]), float(r["snr_db"]), int(r["frames"]), int(r["lost"]), float(r["per"]))
            for r in csv.DictReader(text.splitlines())]


def against_the_ideal(engine, rate, frames):
    low, high = IDEAL[rate] - 1, IDEAL[rate] + 4
    done = run("--engine", engine, "--rates", rate, "--snr", f"{low:.1f}:{high:.1f}:5", "--frames", frames)
    got = rows(done.stdout)
    good = len(got) == 2 and got[0][4] > 0.1 and got[1][4] <= 0.1 and all(r[2] == frames for r in got)
    check(f"{engine}, {rate} Mb/s: above 10 % 1 dB below the ideal receiver's threshold, below 10 % 4 dB above it", good,
          (done.stdout, done.stderr))


def figures():
    for rate in IDEAL:
        against_the_ideal("soft", rate, 20)
    against_the_ideal("rtl", 54, 10)
    against_the_ideal("rtl", 24, 10)
    done = run("--engine", "soft", "--rates", 24, "--snr", "25:25:1", "--frames", 30, "--cfo", 118000)
    check("a carrier offset of 20 ppm at 5.9 GHz costs nothing at 25 dB", [r[3] for r in rows(done.stdout)] == [0],
          done.stdout)
    for engine, frames in (("soft", 30), ("rtl", 10)):
        for args in (["--clock", "40"], ["--phase-noise", "-100"], ["--dc", "-20"], ["--imbalance", "1:3"],
                     ["--clock", "-40", "--phase-noise", "-100", "--dc", "-20", "--imbalance", "-1:-3", "--cfo", "100000"]):
            done = run("--engine", engine, "--rates", 24, "--snr", "25:25:1", "--frames", frames, *args)
            check(f"{engine}: {' '.join(args)} costs nothing at 25 dB", [r[3] for r in rows(done.stdout)] == [0], done.stdout)
    for args in (["--phase-noise", "-75"], ["--imbalance", "6:25"]):
        done = run("--engine", "rtl", "--rates", 54, "--snr", "22:22:1", "--frames", 10, *args)
        check(f"{' '.join(args)} costs frames at 54 Mb/s", rows(done.stdout)[0][3] > 4, done.stdout)
    flat, echoes = (rows(run("--engine", "soft", "--rates", 54, "--snr", "19:19:1", "--frames", 100, "--length", 500,
                             "--spread", s).stdout)[0][3] for s in (0, 150))
    check("echoes cost frames at 54 Mb/s", flat < 20 and echoes > 2 * flat + 20, (flat, echoes))


def same_from_all():
    one = run(*SMALL, "--jobs", 1)
    check("a table with a line for each point", [r[:3] for r in rows(one.stdout)] ==
          [(rate, snr, 25) for rate in (6, 24) for snr in (-2, 1, 4, 7, 10)], one.stdout + one.stderr)
    check("three processes give the same table", run(*SMALL, "--jobs", 3).stdout == one.stdout)
    for ranks in (1, 2, 4):
        env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        done = run(*SMALL, launcher=["mpirun", "--oversubscribe", "-n", str(ranks)], env=env)
        check(f"{ranks} MPI ranks give the same table", done.stdout == one.stdout, done.stderr)
    part = run(*SMALL[:2], "--rates", "24", *SMALL[4:]).stdout
    check("a rate alone gives its part of the table", rows(part) == rows(one.stdout)[5:], part)
    other = run(*SMALL, "--seed", 2)
    check("another seed, another run of chance", other.stdout != one.stdout)
    env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    run(*SMALL, "--results", "mpi", launcher=["mpirun", "--oversubscribe", "-n", "2"], env=env)
    again = run(*SMALL, "--results", "mpi")
    check("what MPI ranks began another sweep takes over", again.stdout == one.stdout and "30 of 30" in again.stderr,
          again.stderr)


def going_on():
    setup = ["--engine", "soft", "--rates", "6", "--snr", "0:4:1", "--frames", 200, "--length", 300]
    whole = run(*setup).stdout
    kills = lines = 0
    for _ in range(4):
        child = subprocess.Popen([SKYWAVE, "phy", "sweep", *map(str, setup), "--results", "r", "--jobs", "2"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while child.poll() is None and (not os.path.exists("r") or len(open("r").read().splitlines()) < lines + 5):
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        kills += child.wait() == -signal.SIGKILL
        lines = len(open("r").read().splitlines())
    with open("r", "a") as file:
        file.write("17 1")                             # a line that was cut
    done = run(*setup, "--results", "r")
    check(f"killed {kills} times, {lines - 2} of 100 lines left behind, it goes on to the same table",
          kills == 4 and lines < 100 and done.stdout == whole, done.stderr)
    known = pathlib.Path("r").read_text()
    again = run(*setup, "--results", "r")
    check("a sweep that is done simulates nothing again", again.stdout == whole and
          pathlib.Path("r").read_text() == known and "100 of 100 units known" in again.stderr, again.stderr)

    more = run("--engine", "soft", "--rates", "6", "--snr", "0:4:1", "--frames", 300, "--length", 300, "--results", "r")
    check("a changed setup is refused", more.returncode == 1 and "another setup" in more.stderr and more.stdout == "" and
          pathlib.Path("r").read_text() == known, more.stderr)
    for what, text in {"text": "to do: buy milk\n", "nothing but zeros": "\0" * 64,
                       "a unit out of range": known + "100 0\n", "too many frames": known.replace("\n5 ", "\n5 1"),
                       "words": known + "one two\n", "two answers": known + "5 9\n"}.items():
        pathlib.Path("bad").write_text(text)
        bad = run(*setup, "--results", "bad")
        check(f"a file with {what} is refused and left alone", bad.returncode == 1 and "bad: " in bad.stderr and
              pathlib.Path("bad").read_text() == text, bad.stderr)
    few = run(*SMALL[:4], "--snr", "9:9:1", "--frames", 1, "--results", "few")
    for cut in (0, 5, 16, 40):                           # killed while it wrote its first lines
        pathlib.Path("cut").write_text(pathlib.Path("few").read_text()[:cut])
        done = run(*SMALL[:4], "--snr", "9:9:1", "--frames", 1, "--results", "cut")
        check(f"a head cut after {cut} bytes is begun anew", done.returncode == 0 and done.stdout == few.stdout,
              done.stderr)
    os.mkdir("folder")
    check("a folder is no results file", run(*setup, "--results", "folder").returncode == 1)
    with open("r") as held:
        import fcntl
        fcntl.flock(held, fcntl.LOCK_EX)
        busy = run(*setup, "--results", "r")
        check("a file in use is refused", busy.returncode == 1 and "in use" in busy.stderr, busy.stderr)
    check("a full disk is an error", run(*SMALL, "--csv", "/dev/full").returncode == 1)


def picture():
    done = run(*SMALL, "--csv", "t.csv", "--png", "t.png")
    data = pathlib.Path("t.png").read_bytes()
    check("a PNG of the table", done.returncode == 0 and data[:8] == b"\x89PNG\r\n\x1a\n" and
          struct.unpack(">II", data[16:24]) == (1000, 640) and data[-8:-4] == b"IEND", done.stderr)
    check("no path for the picture is an error", run(*SMALL, "--png", "none/t.png").returncode == 1)
    lame = run(*SMALL, "--png", "u.png", env=dict(os.environ, PATH="/nowhere"))
    check("without gnuplot it says what is missing", lame.returncode == 1 and "gnuplot" in lame.stderr and
          not os.path.exists("u.png") and not os.path.exists("u.png.part"), lame.stderr)


def terminal():
    master, slave = pty.openpty()
    done = subprocess.Popen([SKYWAVE, "phy", "sweep", *SMALL], stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    said = b""
    try:
        while chunk := os.read(master, 4096):
            said += chunk
    except OSError:
        pass
    check("a bar on a terminal, up to 100 %", done.wait() == 0 and b"100 %" in said and b"30 of 30" in said, said[-200:])
    check("none where there is no terminal", run(*SMALL).stderr == "")


def arguments():
    for args in (["--engine", "vhdl"], [], ["--engine", "soft", "--rates", "7"], ["--engine", "soft", "--rates", "6,6"],
                 ["--engine", "soft", "--rates", "6,"], ["--engine", "soft", "--rates", ""],
                 ["--engine", "soft", "--snr", "1:2"], ["--engine", "soft", "--snr", "5:1:1"],
                 ["--engine", "soft", "--snr", "1:2:0"], ["--engine", "soft", "--snr", "nan:2:1"],
                 ["--engine", "soft", "--snr", "0:1:0.001"], ["--engine", "soft", "--snr", "0:1:1x"],
                 ["--engine", "soft", "--frames", "0"], ["--engine", "soft", "--frames", "-1"],
                 ["--engine", "soft", "--length", "4"], ["--engine", "soft", "--length", "4096"],
                 ["--engine", "soft", "--cfo", "2e3"], ["--engine", "soft", "--spread", "501"],
                 ["--engine", "soft", "--clock", "101"], ["--engine", "soft", "--clock", ""],
                 ["--engine", "soft", "--phase-noise", "3"], ["--engine", "soft", "--phase-noise", "nan"],
                 ["--engine", "soft", "--dc", "1"], ["--engine", "soft", "--dc", ""], ["--engine", "soft", "--imbalance", "1"],
                 ["--engine", "soft", "--imbalance", "1:31"], ["--engine", "soft", "--imbalance", "7:0"],
                 ["--engine", "soft", "--jobs", "0"], ["--engine", "soft", "--bogus", "1"], ["--engine"],
                 ["--engine", "soft", "more"],
                 ["--engine", "soft", "--snr", "-100:100:0.01", "--frames", "1000000"]):
        done = run(*args)
        check(f"refused: sweep {' '.join(args)}", done.returncode == 2 and done.stderr != "" and done.stdout == "",
              (done.returncode, done.stderr))
    done = run("--help")
    check("--help", done.returncode == 0 and "--results FILE" in done.stdout)


figures()
same_from_all()
going_on()
picture()
terminal()
arguments()
sys.exit(status())
