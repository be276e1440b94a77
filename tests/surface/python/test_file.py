# SPDX-License-Identifier: GPL-2.0-only
"""trace.dat files: all values beside those that rbmap-report prints."""

import unittest

import common
import rbmap


class Values(unittest.TestCase):
    def compare(self, name):
        """Returns how many events and losses there are."""
        objects = common.report_json(name)
        with common.open_damaged(name) as trace:
            items = list(trace)
        self.assertEqual(len(items), len(objects))
        for item, expected in zip(items, objects):
            if isinstance(item, rbmap.Lost):
                self.assertEqual(item.count, expected["lost"])
                self.assertEqual((item.time, item.cpu), (expected["ts"], expected["cpu"]))
            else:
                self.compare_event(item, expected)
        return len(items), sum(isinstance(item, rbmap.Lost) for item in items)

    def compare_event(self, event, expected):
        self.assertEqual(event.time, expected["ts"])
        self.assertEqual(event.cpu, expected["cpu"])
        self.assertEqual(event.buffer, expected.get("buffer", ""))
        self.assertEqual(event.comm, expected["comm"])
        self.assertEqual(event.pid, expected["pid"])
        self.assertEqual(event.name or None, expected["event"])
        if not event.name:
            return
        self.assertEqual(event.system, expected["system"])
        self.assertEqual(event.type.id, expected["type"])
        fields = {name: common.plain(value) for name, value in event.items()}
        self.assertEqual(fields, expected["fields"])
        self.assertEqual(event.fields, dict(event))

    def compare_text(self, name):
        with common.open_damaged(name) as trace:
            lines = "\n".join(str(item) for item in trace).split("\n")
        self.assertEqual(lines, common.report_text(name))

    def test_every_file(self):
        names = common.names()
        self.assertIn("6-big-32", names)
        for name in names:
            with self.subTest(name):
                self.assertGreater(self.compare(name)[0], 2)

    def test_recording(self):
        common.path("live.dat")
        self.assertGreater(self.compare("live.dat")[0], 100)
        self.compare_text("live.dat")

    def test_losses(self):
        common.path("lossy.dat")
        self.assertGreater(self.compare("lossy.dat")[1], 0)
        self.compare_text("lossy.dat")

    def test_readme_file(self):
        self.compare_text("trace.dat")

    def test_json(self):
        objects = common.report_json("trace.dat")
        with rbmap.open(common.path("trace.dat")) as trace:
            self.assertEqual([event.json() for event in trace], objects)


class Choosing(unittest.TestCase):
    def setUp(self):
        self.trace = rbmap.open(common.path("trace.dat"))
        self.addCleanup(self.trace.close)

    def names_of(self, *names, **how):
        return [event.name for event in self.trace.events(*names, **how)]

    def test_names(self):
        switch, process = "sched_switch", "sched_process_exec"
        self.assertEqual(self.names_of(switch), [switch] * 2)
        self.assertEqual(self.names_of("sched:" + process), [process])
        self.assertEqual(self.names_of("sched"), [switch, switch, process])
        self.assertEqual(self.names_of("sch*:*_exec"), [process])
        self.assertEqual(self.names_of(process, switch), [switch, switch, process])

    def test_filter(self):
        switch, process = "sched_switch", "sched_process_exec"
        self.assertEqual(self.names_of(switch, filter="next_pid == 100"), [switch])
        self.assertEqual(self.names_of(filter="pid == 100"), [process])
        self.assertEqual(self.names_of("sched", filter="next_pid == 0"), [switch])
        self.assertEqual(self.names_of(filter="common_pid == 0 && prev_prio > 120"), [])

    def test_cpus(self):
        self.assertEqual(self.names_of(cpus=[1]), [])
        self.assertEqual(len(self.names_of(cpus=[0, 1])), 3)
        self.assertEqual(len(self.names_of()), 3)
        self.assertEqual(self.names_of(cpus=[]), [])

    def test_description(self):
        trace = self.trace
        self.assertEqual((trace.version, trace.clock), (6, "local"))
        self.assertEqual((trace.buffers, trace.cpus), ([""], [0]))
        self.assertIn("sched:sched_switch", map(str, trace.types))
        switch = next(t for t in trace.types if t.name == "sched_switch")
        field = switch.fields["prev_comm"]
        self.assertEqual((field.offset, field.size, field.array), (8, 16, True))
        self.assertEqual(list(switch.common_fields)[0], "common_type")

    def test_event_is_a_mapping(self):
        event = next(self.trace.events("sched_process_exec"))
        self.assertEqual(list(event), ["filename", "pid", "old_pid"])
        self.assertIn("pid", event)
        self.assertIn("common_pid", event)
        self.assertNotIn("nothing", event)
        self.assertIsNone(event.get("nothing"))
        self.assertEqual(event.raw("filename"), b"/usr/bin/ls\0")
        self.assertEqual(event.raw("pid"), b"\x64\0\0\0")

    def test_iterations(self):
        first = iter(self.trace)
        self.assertEqual(next(first).name, "sched_switch")
        self.assertEqual(len(list(self.trace)), 3)
        with self.assertRaises(RuntimeError):
            next(first)


class Times(unittest.TestCase):
    def test_convert(self):
        with rbmap.open(common.path("live.dat")) as trace:
            events = list(trace)
            times = [trace.convert(event.time, "realtime") for event in events[::50]]
            self.assertEqual(times, sorted(times))
            self.assertGreater(times[0], 1_500_000_000 * 10**9)
            self.assertGreater(trace.convert(events[0].time, "monotonic"), 0)


if __name__ == "__main__":
    unittest.main()
