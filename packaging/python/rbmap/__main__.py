# SPDX-License-Identifier: LGPL-2.1-only
"""python3 -m rbmap parquet FILE FOLDER"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

import rbmap


def _event_types(trace: rbmap.File, names: list[str]) -> list[rbmap.EventType]:
    """The events that occur, sorted by name."""
    found = {item.type for item in trace.events(*names) if isinstance(item, rbmap.Event)}
    return sorted((t for t in found if t.name), key=str)


def _write_table(reader: Any, path: str) -> int:
    """Writes all batches; returns the number of rows. On failure, no file is left."""
    import pyarrow.parquet

    rows = 0
    try:
        with pyarrow.parquet.ParquetWriter(path, reader.schema) as writer:
            for batch in reader:
                if batch.num_rows:
                    writer.write_batch(batch)
                rows += batch.num_rows
    except BaseException:
        if os.path.exists(path):
            os.unlink(path)
        raise
    return rows


def _parquet(arguments: argparse.Namespace) -> None:
    try:
        import pyarrow
    except ImportError:
        sys.exit("rbmap: parquet needs the module pyarrow 15 or later")
    with rbmap.open(arguments.file) as trace:
        types = _event_types(trace, arguments.event)
        os.makedirs(arguments.folder, exist_ok=True)
        for event_type in types:
            columns = trace.columns(str(event_type), text=arguments.text)
            reader = pyarrow.RecordBatchReader.from_stream(columns)
            name = f"{event_type.system}.{event_type.name}.parquet".replace("/", "_")
            path = os.path.join(arguments.folder, name)
            print(f"{path}: {_write_table(reader, path):,} events")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m rbmap", description="Trace events for other programs."
    )
    parser.add_argument(
        "--version", action="version", version=f"rbmap {rbmap.__version__}"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    parquet = commands.add_parser(
        "parquet",
        help="write the events of a trace.dat as Parquet files",
        description="Writes the events of FILE to FOLDER/SYSTEM.EVENT.parquet, a table "
        "for each kind of event, with the columns that rbmap.File.columns() returns.",
    )
    parquet.add_argument("file", metavar="FILE", help="a trace.dat")
    parquet.add_argument("folder", metavar="FOLDER", help="made if it does not exist")
    parquet.add_argument(
        "-e",
        "--event",
        action="append",
        default=[],
        help="only these events: EVENT, SYSTEM:EVENT or SYSTEM; repeatable",
    )
    parquet.add_argument(
        "--text",
        action="store_true",
        help="also columns with the texts of symbols and flags",
    )
    parquet.set_defaults(run=_parquet)
    return parser


def main() -> None:
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except (OSError, LookupError) as error:
        sys.exit(f"rbmap: {error}")


if __name__ == "__main__":
    main()
