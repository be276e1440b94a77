# SPDX-License-Identifier: GPL-2.0-only
"""Arrays of numpy that share the memory of a batch."""

import gc
import unittest

import numpy

import common
import rbmap


class Arrays(unittest.TestCase):
    def setUp(self):
        with rbmap.open(common.path("trace.dat")) as trace:
            self.columns = trace.columns("sched_switch")

    def test_no_copy(self):
        batch = next(iter(self.columns))
        column = batch["common_timestamp"]
        array = numpy.asarray(column)
        self.assertEqual(array.tolist(), [1000001000, 1000500000])
        self.assertEqual(array.dtype, numpy.int64)
        self.assertFalse(array.flags.owndata)
        self.assertFalse(array.flags.writeable)
        again = numpy.asarray(column)
        self.assertEqual(array.ctypes.data, again.ctypes.data)
        self.assertTrue(numpy.array(column).flags.owndata)

    def test_memory_stays_as_long_as_the_array(self):
        arrays = [numpy.asarray(batch["next_pid"])[1:] for batch in self.columns]
        for _ in range(20):
            arrays += [numpy.asarray(batch["next_pid"])[1:] for batch in self.columns]
        del self.columns
        gc.collect()
        # Who gets this memory now would overwrite theirs.
        fill = [bytes([255]) * size for size in range(16, 4096, 16)]
        self.assertEqual({array.tolist()[0] for array in arrays}, {100})
        del fill

    def test_columns_alone_keep_their_batch(self):
        column = next(iter(self.columns))["next_pid"]
        array = numpy.asarray(column)
        del column
        gc.collect()
        self.assertEqual(array.tolist(), [0, 100])

    def test_types(self):
        batch = next(iter(self.columns))
        self.assertEqual(numpy.asarray(batch["next_comm"]).tolist(), ["swapper/0", "worker"])
        self.assertEqual(numpy.asarray(batch["common_comm"]).dtype, object)
        comm = batch["common_comm"]
        texts = [comm.dictionary[number] for number in comm.view()]
        self.assertEqual(texts, ["worker", "<idle>"])
        self.assertEqual(numpy.asarray(batch["next_pid"], dtype=float).tolist(), [0, 100])
        with self.assertRaises(TypeError):
            batch["next_comm"].view()
        self.assertFalse(batch["next_pid"].masked().mask.any())

    def test_all_batches(self):
        with rbmap.open(common.path("trace.dat")) as trace:
            one, several = trace.columns("sched_switch"), trace.columns("sched_switch", rows=1)
        for name, array in one.arrays().items():
            self.assertEqual(array.tolist(), several.arrays()[name].tolist())
        self.assertFalse(one.arrays()["next_pid"].flags.owndata)

    def test_no_rows(self):
        """Of a file that has the format of an event that does not occur."""
        with rbmap.open(common.path("live.dat")) as trace:
            arrays = trace.columns("sched_process_hang").arrays()
        self.assertEqual({len(array) for array in arrays.values()}, {0})
        self.assertEqual(arrays["pid"].dtype, numpy.int32)

    def test_recording(self):
        objects = [o for o in common.report_json("live.dat") if o.get("event") == "sys_enter"]
        with rbmap.open(common.path("live.dat")) as trace:
            arrays = trace.columns("raw_syscalls:sys_enter").arrays()
        self.assertEqual(arrays["id"].tolist(), [o["fields"]["id"] for o in objects])
        arguments = numpy.array([o["fields"]["args"] for o in objects], dtype=numpy.uint64)
        self.assertEqual(arrays["args"].shape, (len(objects), 6))
        self.assertTrue((arrays["args"] == arguments).all())


if __name__ == "__main__":
    unittest.main()
