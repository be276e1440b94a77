# SPDX-License-Identifier: GPL-2.0-only
"""pyarrow takes columns and batches without copying them."""

import gc
import unittest

import pyarrow

import common
import rbmap


class Taken(unittest.TestCase):
    def setUp(self):
        with rbmap.open(common.path("live.dat")) as trace:
            self.columns = trace.columns("sched_switch")
            self.few = trace.columns("sched_switch", rows=10)
        self.expected = [
            event["fields"]["next_pid"]
            for event in common.report_json("live.dat")
            if event.get("event") == "sched_switch"
        ]

    def test_table(self):
        for columns in self.columns, self.few, self.columns:
            table = pyarrow.table(columns)
            self.assertEqual(table["next_pid"].to_pylist(), self.expected)
            self.assertEqual(table.schema, pyarrow.schema(columns))

    def test_stream(self):
        reader = pyarrow.RecordBatchReader.from_stream(self.few)
        del self.few
        gc.collect()
        batches = list(reader)
        self.assertGreater(len(batches), 1)
        self.assertEqual(sum(batch.num_rows for batch in batches), len(self.expected))

    def test_batches(self):
        taken = [pyarrow.record_batch(batch) for batch in self.few]
        gc.collect()
        found = [pid for batch in taken for pid in batch["next_pid"].to_pylist()]
        self.assertEqual(found, self.expected)

    def test_no_copy(self):
        batch = next(iter(self.columns))
        address = batch._array.children[self.columns.names.index("next_pid")].contents.buffers[1]
        taken = pyarrow.record_batch(batch)
        self.assertEqual(taken["next_pid"].buffers()[1].address, address)
        array = taken["next_pid"].to_numpy()
        del taken, batch
        gc.collect()
        self.assertEqual(array.tolist(), self.expected)

    def test_the_file_is_closed_with_the_stream(self):
        reader = pyarrow.RecordBatchReader.from_stream(self.few)
        del self.few, self.columns
        gc.collect()
        self.assertEqual(common.descriptors(), 1)
        self.assertGreater(reader.read_next_batch().num_rows, 0)
        del reader
        gc.collect()
        self.assertEqual(common.descriptors(), 0)


if __name__ == "__main__":
    unittest.main()
