#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""latency.py FILE: how long tasks waited from their wake-up until they ran, as a
histogram, in a trace.dat that has sched_waking and sched_switch. The twin of latency.c,
with columns."""

import sys

import numpy
import rbmap


def columns(path, event, pid):
    """The times and threads of an event, and whether events were lost before one."""
    with rbmap.open(path) as trace:
        arrays = trace.columns(event).arrays()
    return arrays["common_timestamp"], arrays[pid], arrays["common_lost"].any()


path = sys.argv[1]
waking_times, woken, lost_wakings = columns(path, "sched_waking", "pid")
switch_times, next_pids, lost_switches = columns(path, "sched_switch", "next_pid")
times = numpy.concatenate([waking_times, switch_times])
pids = numpy.concatenate([woken, next_pids])
is_switch = numpy.arange(len(times)) >= len(waking_times)

# Thread by thread, in order of time: a switch directly after a wake-up answers it.
order = numpy.lexsort((is_switch, times, pids))
times, pids, is_switch = times[order], pids[order], is_switch[order]
answers = is_switch[1:] & ~is_switch[:-1] & (pids[1:] == pids[:-1])
waits = (times[1:] - times[:-1])[answers].astype("uint64")

powers = numpy.log2(waits.clip(1)).astype(int)
for power, count in zip(*numpy.unique(powers, return_counts=True)):
    print(f"from {2.0**power / 1e3:12.3f} us: {count}")
mean = waits.mean() / 1e3 if len(waits) else 0
print(f"{len(waits)} wake-ups, mean {mean:.3f} us")
if lost_wakings or lost_switches:
    print("events were lost: some of these are not pairs")
