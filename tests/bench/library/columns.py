# SPDX-License-Identifier: GPL-2.0-only
"""columns.py WAY FILE [COMMAND...]: sched_switch of a trace.dat as arrays of numpy.

WAY is columns, all-columns (every field), or json or text: the lines that COMMAND prints
of FILE. Prints what the programs in C print, for library.sh.
"""

import json
import re
import resource
import subprocess
import sys

import numpy

NAMES = ("common_timestamp", "common_cpu", "prev_pid", "prev_state", "next_pid")
LINE = re.compile(
    r" \[(\d+)\] +(\d+)\.(\d+): sched_switch: .*:(\d+) \[\d+\] (\S+) ==> .*:(\d+) \["
)


def from_json(line):
    event = json.loads(line)
    fields = event["fields"]
    return (event["ts"], event["cpu"], fields["prev_pid"], fields["prev_state"],
            fields["next_pid"])


def from_text(line):
    found = LINE.search(line)
    if not found:
        return None
    cpu, seconds, fraction, prev_pid, state, next_pid = found.groups()
    time = int(seconds) * 1000000000 + int(fraction)
    return time, int(cpu), int(prev_pid), ord(state[0]), int(next_pid)


class Seen:
    """What is known of arrays of the columns of NAMES, one batch after the other."""

    def __init__(self):
        self.rows = 0
        self.first = None
        self.last = 0

    def add(self, arrays):
        times = arrays[0]
        self.rows += len(times)
        if len(times):
            self.first = int(times[0]) if self.first is None else self.first
            self.last = int(times[-1])


def read_lines(seen, read, command):
    columns = [[] for name in NAMES]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            row = read(line)
            if row:
                for column, value in zip(columns, row):
                    column.append(value)
    if process.returncode != 0:
        sys.exit(f"{command[0]}: status {process.returncode}")
    seen.add([numpy.array(column) for column in columns])


def read_columns(seen, path, names):
    import rbmap

    with rbmap.open(path) as trace:
        before = usage()
        # As a program does that does not keep them: they are views, not copies.
        for batch in trace.columns("sched_switch", names):
            seen.add([numpy.asarray(batch[name]) for name in NAMES])
    return before


def usage():
    both = [
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return sum(u.ru_utime for u in both), sum(u.ru_stime for u in both)


def main():
    way, path, *command = sys.argv[1:]
    seen = Seen()
    if way in ("columns", "all-columns"):
        before = read_columns(seen, path, NAMES if way == "columns" else None)
    else:
        before = usage()
        read_lines(seen, from_json if way == "json" else from_text, command + [path])
    after = usage()
    print(f"{after[0] - before[0]:.6f} {after[1] - before[1]:.6f}", seen.rows, seen.rows,
          seen.rows, seen.last - seen.first)


main()
