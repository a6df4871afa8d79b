"""Runs a program and says what it cost: measure.py COMMAND...

The last line on standard output is WALL_S CPU_S RSS_MB of the program and its own children; its
output goes to standard error, its status is ours.
"""

import os
import subprocess
import sys
import time


def main(command):
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=sys.stderr)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    print(f"{wall:.3f} {usage.ru_utime + usage.ru_stime:.3f} {usage.ru_maxrss / 1024:.1f}")
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
