# SPDX-License-Identifier: GPL-2.0-only
"""What is freed when, and what is not freed too early."""

import gc
import subprocess
import sys
import threading
import unittest
import weakref

import common
import rbmap


class Lifetime(unittest.TestCase):
    def test_events_outlive_the_file(self):
        with rbmap.open(common.path("trace.dat")) as trace:
            events = list(trace)
        reader = weakref.ref(events[0]._formats)
        del trace
        gc.collect()
        self.assertEqual([str(event) for event in events], common.report_text("trace.dat"))
        self.assertEqual(events[0].comm, "worker")
        self.assertEqual(common.descriptors(), 1)
        kept = events[2]
        del events
        gc.collect()
        self.assertIsNotNone(reader())
        self.assertEqual(kept["filename"], "/usr/bin/ls")
        del kept
        gc.collect()
        self.assertIsNone(reader())
        self.assertEqual(common.descriptors(), 0)

    def test_closing_frees_at_once(self):
        trace = rbmap.open(common.path("trace.dat"))
        self.assertEqual(common.descriptors(), 1)
        trace.close()
        self.assertEqual(common.descriptors(), 0)

    def test_forgotten_files_are_closed(self):
        for _ in range(50):
            next(iter(rbmap.open(common.path("trace.dat"))))
        gc.collect()
        self.assertEqual(common.descriptors(), 0)

    def test_cycles(self):
        for _ in range(20):
            trace = rbmap.open(common.path("trace.dat"))
            iteration = iter(trace)
            event = next(iteration)
            cycle = [trace, iteration, event]
            cycle.append(cycle)
            del trace, iteration, event, cycle
        gc.collect()
        self.assertEqual(common.descriptors(), 0)

    def test_values_do_not_change(self):
        """The library's memory is used again for the next records."""
        with rbmap.open(common.path("7-little-64-zstd")) as trace:
            events = [item for item in trace if isinstance(item, rbmap.Event)]
            first = [bytes(bytearray(event.data)) for event in events]
            list(trace)
            self.assertEqual([event.data for event in events], first)


class Interpreter(unittest.TestCase):
    def run_code(self, code):
        result = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", code, common.path("trace.dat")],
            capture_output=True,
            text=True,
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def test_end_with_open_objects(self):
        output = self.run_code(
            "import rbmap, sys\n"
            "trace = rbmap.open(sys.argv[1])\n"
            "iteration = iter(trace)\n"
            "event = next(iteration)\n"
            "class Late:\n"
            "    def __del__(self): print(self.event)\n"
            "late = Late(); late.event = event; late.cycle = late\n"
        )
        self.assertIn("sched_switch", output)

    def test_plugins_are_found(self):
        """They are not linked with libtraceevent, whose symbols they need."""
        code = "import rbmap, sys; print(next(iter(rbmap.open(sys.argv[1]))))"
        self.assertIn(common.report_text("trace.dat")[0], self.run_code(code))


class Threads(unittest.TestCase):
    def test_a_file_for_each(self):
        expected = common.report_text("trace.dat")
        bad = []

        def read():
            for _ in range(20):
                with rbmap.open(common.path("trace.dat")) as trace:
                    if [str(event) for event in trace] != expected:
                        bad.append(1)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(bad, [])


if __name__ == "__main__":
    unittest.main()
