# SPDX-License-Identifier: GPL-2.0-only
"""What goes wrong, and the exceptions that say so."""

import errno
import logging
import os
import tempfile
import unittest

import common
import rbmap


class Files(unittest.TestCase):
    def test_no_such_file(self):
        with self.assertRaises(FileNotFoundError) as caught:
            rbmap.open("nowhere.dat")
        self.assertEqual(caught.exception.filename, "nowhere.dat")

    def test_no_trace(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"no trace" * 1000)
            file.flush()
            before = len(os.listdir("/proc/self/fd"))
            with self.assertRaises(rbmap.Error) as caught:
                rbmap.open(file.name)
            self.assertEqual(len(os.listdir("/proc/self/fd")), before)
        error = caught.exception
        self.assertIsInstance(error, OSError)
        self.assertEqual(error.errno, errno.EBADMSG)
        self.assertEqual(error.strerror, "the data does not have the expected format")
        self.assertEqual(error.filename, file.name)

    def test_directory(self):
        with self.assertRaises(OSError):
            rbmap.open("/")

    def test_wrong_types(self):
        for wrong in None, 1.5, ["x"]:
            with self.assertRaises(TypeError):
                rbmap.open(wrong)
        with rbmap.open(common.path("trace.dat")) as trace:
            with self.assertRaises(TypeError):
                trace.events("sched_switch", cpus=["0"])
            with self.assertRaises(TypeError):
                trace.events("sched_switch", cpus=0)
            with self.assertRaises(ValueError):
                trace.convert(1, "tai")
            with self.assertRaises((TypeError, ValueError)):
                trace.convert("1", "realtime")

    def test_numbers_out_of_range(self):
        with rbmap.open(common.path("trace.dat")) as trace:
            for call in (
                lambda: trace.events(cpus=[1 << 32]),
                lambda: trace.events(cpus=[-1]),
                lambda: trace.convert(-1, "realtime"),
                lambda: trace.columns("sched_switch", rows=-1),
            ):
                with self.assertRaises(ValueError):
                    call()
            with self.assertRaises(rbmap.Error):
                trace.columns("sched_switch", rows=1 << 30)

    def test_no_clock(self):
        with rbmap.open(common.path("trace.dat")) as trace:
            with self.assertRaises(rbmap.Error) as caught:
                trace.convert(1000, "realtime")
        self.assertEqual(caught.exception.errno, errno.ENODATA)

    def test_no_such_event(self):
        with rbmap.open(common.path("trace.dat")) as trace:
            with self.assertRaisesRegex(LookupError, "no event 'sched_swich'"):
                trace.events("sched_switch", "sched_swich")
            event = next(trace.events())
            with self.assertRaises(KeyError):
                event["nothing"]
            with self.assertRaises(KeyError):
                event.raw("nothing")

    def test_wrong_filter(self):
        with rbmap.open(common.path("trace.dat")) as trace:
            for names in [], ["sched_switch"]:
                with self.assertRaises(rbmap.Error) as caught:
                    trace.events(*names, filter="next_pid == 1 && nothing == 2")
                self.assertEqual(caught.exception.errno, errno.EINVAL)
                self.assertIn("at byte 17 of 'next_pid", caught.exception.strerror)

    def test_loss_is_no_event(self):
        lost = rbmap.Lost(3, 1, 0, "")
        self.assertEqual(str(lost), "CPU:0 [3 EVENTS DROPPED]")
        self.assertEqual(str(rbmap.Lost(None, 1, 0, "")), "CPU:0 [EVENTS DROPPED]")
        with self.assertRaises(AttributeError):
            lost.name
        with self.assertRaises(TypeError):
            lost["next_pid"]


class Closed(unittest.TestCase):
    def test_closed_file(self):
        trace = rbmap.open(common.path("trace.dat"))
        iteration = iter(trace)
        event = next(iteration)
        self.assertFalse(trace.closed)
        trace.close()
        trace.close()
        self.assertTrue(trace.closed)
        self.assertIn("closed", repr(trace))
        for call in (
            trace.events,
            trace.__enter__,
            lambda: iter(trace),
            lambda: next(iteration),
            lambda: trace.types,
            lambda: trace.faults,
            lambda: trace.convert(1, "realtime"),
        ):
            with self.assertRaises(ValueError):
                call()
        self.assertEqual(event["prev_pid"], 100)

    def test_closed_at_a_loss(self):
        trace = rbmap.open(common.path("lossy.dat"))
        iteration = trace.events("raw_syscalls", filter="id >= 0")
        for item in iteration:
            if isinstance(item, rbmap.Lost):
                trace.close()
                break
        rest = []
        with self.assertRaises(ValueError):
            rest.extend(iteration)
        self.assertTrue(all(str(event) for event in rest))

    def test_with(self):
        with rbmap.open(common.path("trace.dat")) as trace:
            pass
        self.assertTrue(trace.closed)


class Damage(unittest.TestCase):
    def test_iteration_ends_with_an_error(self):
        with rbmap.open(common.path("huge-subbufs")) as trace:
            with self.assertRaises(rbmap.Error) as caught:
                list(trace)
            self.assertEqual(caught.exception.errno, errno.EBADMSG)
            self.assertIn(trace.faults[0].text, str(caught.exception))
            self.assertGreater(len(trace.faults), 1)

    def test_allowed(self):
        with common.open_damaged("huge-subbufs") as trace:
            self.assertEqual(list(trace), [])
            self.assertGreater(len(trace.faults), 1)

    def test_cut_off(self):
        with common.open_damaged("cut.dat") as trace:
            intact = len(list(trace))
        seen = 0
        with rbmap.open(common.path("cut.dat")) as trace:
            with self.assertRaises(rbmap.Error):
                for _ in trace:
                    seen += 1
        self.assertEqual(seen, intact)


class Messages(unittest.TestCase):
    def test_logger(self):
        with self.assertLogs("rbmap", logging.DEBUG) as logs:
            logging.getLogger("rbmap").debug("there has to be one")
            with common.open_damaged("short-print-format") as trace:
                list(map(str, trace))
        self.assertTrue(all(record.name == "rbmap" for record in logs.records))


if __name__ == "__main__":
    unittest.main()
