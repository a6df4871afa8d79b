"""Runs a program and says what it cost: measure.py [--beside PID] COMMAND...

The last line on standard output is WALL_S CPU_S RSS_MB of the program and its own children; its
output goes to standard error, its status is ours. With --beside a fourth number is the CPU_S that
process PID spent meanwhile.
"""

import os
import subprocess
import sys
import time


def cpu_of(pid):
    """Seconds of CPU that a process has spent so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        after_name = file.read().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def main(command):
    beside = None
    if command[0] == "--beside":
        beside, command = command[1], command[2:]
    before = cpu_of(beside) if beside else 0
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=sys.stderr)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    rest = f" {cpu_of(beside) - before:.3f}" if beside else ""
    print(f"{wall:.3f} {usage.ru_utime + usage.ru_stime:.3f} {usage.ru_maxrss / 1024:.1f}{rest}")
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
