"""What tests/system/*_test.py report with: a line a case, as tests/run counts them. skw_tap.sh is the shell's."""
import pathlib

failed = 0


def check(what, good, detail=""):
    global failed
    print(f"{'ok - ' if good else 'FAILED - '}{what}{'' if good else ': ' + str(detail)}", flush=True)
    failed += not good


def status():
    """The exit status."""
    return 1 if failed else 0


def show_logs(folder):
    """The last words of every program, for whoever reads a failure."""
    for log in sorted(pathlib.Path(folder).glob("*.log")):
        print(f"--- {log.name}\n" + "\n".join(log.read_text().splitlines()[-8:]))
