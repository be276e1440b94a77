#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""who-ran.py [FILE]: how long each task ran, from now until Ctrl-C, or in a trace.dat
that has sched_switch. The twin of who-ran.c."""

import pathlib
import signal
import sys
from collections import defaultdict

import rbmap


def add_up(items):
    since = {}
    nanoseconds = defaultdict(int)
    comms = {}
    losses = 0
    for item in items:
        if isinstance(item, rbmap.Lost):
            since.pop(item.cpu, None)  # Who ran until the next event is not known.
            losses += 1
            continue
        pid = item["prev_pid"]
        if item.cpu in since and pid != 0:  # 0 is idle.
            nanoseconds[pid] += item.time - since[item.cpu]
            comms[pid] = item["prev_comm"]
        since[item.cpu] = item.time
    for pid, ns in sorted(nanoseconds.items()):
        print(f"{ns / 1e6:14.6f} ms  {comms[pid]}-{pid}")
    print(f"events were lost {losses} times")


def follow(instance):
    with rbmap.follow(instance.name, systems=["sched"]) as live:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: live.stop())
        (instance / "events/sched/sched_switch/enable").write_text("1")
        add_up(live.events("sched_switch"))


if len(sys.argv) == 2:
    with rbmap.open(sys.argv[1]) as trace:
        add_up(trace.events("sched_switch"))
else:
    instance = pathlib.Path("/sys/kernel/tracing/instances/rbmap-who-ran")
    instance.mkdir()
    try:
        follow(instance)
    finally:
        instance.rmdir()
