# SPDX-License-Identifier: GPL-2.0-only
"""parquet.py FOLDER JSON [ROWS]: Parquet files beside what rbmap-report prints.

They are read by pyarrow. With ROWS, by whoever wrote that file: a line for each of them,
with its name and its rows as JSON objects.
"""

import json
import os
import pathlib
import sys


def expected(path):
    """By the name of its file, the rows that each kind of event has."""
    found = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event.get("event"):
            row = dict(event["fields"])
            row["common_timestamp"] = event["ts"]
            for name in "cpu", "pid", "comm":
                row["common_" + name] = event[name]
            found.setdefault(f"{event['system']}.{event['event']}.parquet", []).append(row)
    return found


def read_by_pyarrow(folder):
    import pyarrow.parquet

    for name in os.listdir(folder):
        yield name, pyarrow.parquet.read_table(os.path.join(folder, name)).to_pylist()


def read_rows(path):
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def same(value, other):
    """Numbers of 64 bits may be written as strings."""
    if isinstance(value, list):
        return len(value) == len(other) and all(map(same, value, other))
    if isinstance(value, str) or value is None:
        return value == other
    return value == int(other)


def main():
    folder, json_path = sys.argv[1:3]
    wanted = expected(json_path)
    tables = dict(read_rows(sys.argv[3]) if sys.argv[3:] else read_by_pyarrow(folder))
    assert set(tables) == set(wanted), set(tables) ^ set(wanted)
    values = 0
    for name, rows in wanted.items():
        assert len(tables[name]) == len(rows), name
        for row, found in zip(rows, tables[name]):
            for column, value in row.items():
                assert same(value, found[column]), (name, column, value, found[column])
                values += 1
    assert values > 1000, values
    print(f"{len(wanted)} tables, {values} values")


main()
