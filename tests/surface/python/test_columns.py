# SPDX-License-Identifier: GPL-2.0-only
"""Columns: all values beside those that rbmap-report prints."""

import errno
import gc
import unittest

import common
import rbmap
from rbmap import _arrow


class Values(unittest.TestCase):
    def compare(self, name):
        objects = common.report_json(name)
        types = {(o["system"], o["event"]) for o in objects if o.get("event")}
        self.assertTrue(types)
        with common.open_damaged(name) as trace:
            for system, event in types:
                expected = [
                    o for o in objects if (o.get("system"), o.get("event")) == (system, event)
                ]
                self.compare_event(trace.columns(f"{system}:{event}"), expected)

    def compare_event(self, columns, expected):
        rows = {name: [] for name in columns.names}
        for batch in columns:
            self.assertEqual(list(batch), columns.names)
            for name in batch:
                self.assertEqual(len(batch[name]), batch.num_rows)
                rows[name] += batch[name].to_list()
        self.assertEqual(rows["common_timestamp"], [o["ts"] for o in expected])
        self.assertEqual(rows["common_cpu"], [o["cpu"] for o in expected])
        self.assertEqual(rows["common_comm"], [o["comm"] for o in expected])
        if "common_buffer" in rows:
            self.assertEqual(rows["common_buffer"], [o["buffer"] for o in expected])
        for field in expected[0]["fields"]:
            values = [common.plain(value) for value in rows[field]]
            self.assertEqual(values, [o["fields"][field] for o in expected], field)

    def test_every_file(self):
        for name in common.names():
            with self.subTest(name):
                self.compare(name)

    def test_recording(self):
        common.path("live.dat")
        self.compare("live.dat")

    def test_losses(self):
        objects = common.report_json("lossy.dat")
        lost = [o["lost"] for o in objects if "lost" in o]
        with rbmap.open(common.path("lossy.dat")) as trace:
            shown = [
                value
                for batch in trace.columns("sys_enter", ["common_lost"])
                for value in batch["common_lost"]
            ]
        self.assertGreater(len(lost), 0)
        if None not in lost:
            self.assertLessEqual(sum(shown), sum(lost))
            self.assertGreater(sum(shown), 0)


class Choosing(unittest.TestCase):
    def setUp(self):
        self.trace = rbmap.open(common.path("trace.dat"))
        self.addCleanup(self.trace.close)

    def test_fields(self):
        columns = self.trace.columns("sched_switch", ["next_pid", "common_cpu"])
        self.assertEqual(columns.names, ["next_pid", "common_cpu"])
        (batch,) = columns
        self.assertEqual(batch["next_pid"].to_list(), [0, 100])
        self.assertEqual(batch["next_pid"][1], 100)
        self.assertEqual(batch["next_pid"].format, "i")

    def test_common(self):
        names = self.trace.columns("sched_switch", common=True).names
        self.assertIn("common_flags", names)

    def test_rows(self):
        columns = self.trace.columns("sched_switch", rows=1)
        self.assertEqual([batch.num_rows for batch in columns if batch.num_rows], [1, 1])

    def test_dictionary(self):
        (batch,) = self.trace.columns("sched_switch", ["common_comm"])
        column = batch["common_comm"]
        self.assertEqual(column.to_list(), ["worker", "<idle>"])
        self.assertEqual(sorted(column.dictionary), ["<idle>", "worker"])

    def test_errors(self):
        for wrong in "nothing", "sched:nothing", "irq:sched_switch":
            with self.assertRaises(rbmap.Error) as caught:
                self.trace.columns(wrong)
            self.assertEqual(caught.exception.errno, errno.ENOENT)
        with self.assertRaises(rbmap.Error):
            self.trace.columns("sched_switch", ["nothing"])
        with self.assertRaises(TypeError):
            self.trace.columns("sched_switch", "next_pid")
        with self.assertRaises(rbmap.Error):
            self.trace.columns("sched_switch", realtime=True)
        (batch,) = self.trace.columns("sched_switch")
        with self.assertRaises(KeyError):
            batch["nothing"]
        self.trace.close()
        with self.assertRaises(ValueError):
            self.trace.columns("sched_switch")


class Damage(unittest.TestCase):
    def test_stream_ends_with_an_error(self):
        path = common.path("cut.dat")
        with rbmap.open(path) as trace, self.assertRaises(rbmap.Error) as caught:
            list(trace.columns("sched_switch"))
        self.assertEqual(caught.exception.errno, errno.EBADMSG)
        with rbmap.open(path, allow_damage=True) as trace:
            self.assertGreater(sum(b.num_rows for b in trace.columns("sched_switch")), 0)


class Capsules(unittest.TestCase):
    def setUp(self):
        trace = rbmap.open(common.path("trace.dat"))
        self.columns = trace.columns("sched_switch")
        trace.close()

    def test_columns_outlive_the_file(self):
        self.assertEqual(sum(batch.num_rows for batch in self.columns), 2)
        self.assertEqual(sum(batch.num_rows for batch in self.columns), 2)

    def test_names_of_the_capsules(self):
        batch = next(iter(self.columns))
        schema, array = batch.__arrow_c_array__()
        for capsule, name in (
            (self.columns.__arrow_c_stream__(), "arrow_array_stream"),
            (self.columns.__arrow_c_schema__(), "arrow_schema"),
            (schema, "arrow_schema"),
            (array, "arrow_array"),
        ):
            self.assertIn(f'"{name}"', repr(capsule))

    def test_a_batch_is_handed_over_once(self):
        batch = next(iter(self.columns))
        batch.__arrow_c_array__()
        with self.assertRaises(ValueError):
            batch.__arrow_c_array__()
        with self.assertRaises(ValueError):
            batch["next_pid"]

    def test_a_batch_in_use_is_not_handed_over(self):
        batch = next(iter(self.columns))
        column = batch["next_pid"]
        with self.assertRaises(ValueError):
            batch.__arrow_c_array__()
        self.assertEqual(column.to_list(), [0, 100])

    def test_capsules_that_nobody_reads_are_freed(self):
        _arrow.free_unused()
        before = common.descriptors()
        capsules = [self.columns.__arrow_c_stream__() for _ in range(10)]
        self.assertEqual(common.descriptors(), before + 10)
        del capsules
        _arrow.free_unused()
        self.assertEqual(common.descriptors(), before)

    def test_capsules_that_someone_has_are_kept(self):
        _arrow.free_unused()
        before = common.descriptors()

        def free(capsule):
            _arrow.free_unused()
            return common.descriptors()

        self.assertEqual(free(self.columns.__arrow_c_stream__()), before + 1)
        kept = [self.columns.__arrow_c_stream__()]
        self.assertEqual(free(None), before + 1)
        capsule = kept.pop()
        self.assertEqual(free(None), before + 1)
        del capsule
        self.assertEqual(free(None), before)

    def test_an_exception_beside_a_capsule_arrives(self):
        def fail():
            capsule = self.columns.__arrow_c_stream__()
            raise LookupError(str(capsule))

        with self.assertRaises(LookupError):
            fail()

    def test_memory(self):
        columns = [batch["next_pid"] for batch in self.columns]
        del self.columns
        gc.collect()
        self.assertEqual([column.to_list() for column in columns], [[0, 100]])


if __name__ == "__main__":
    unittest.main()
