"""Read and write rows in Parquet files.

A file holds a whole benchmark with its logits.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from autotl.errors import BenchError
from autotl.files import atomic_file
from autotl.leaderboard.rows.row import ADDED, Row
from autotl.leaderboard.rows.valid import LISTS, check_values

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise BenchError(
        "Results are stored in Parquet, which needs pyarrow: pip install 'autotl[bench]'"
    ) from error

FORMAT = "1"
_JSON = ("params", "trials", "versions", "notes", "contributions", "adaptation")
_NULLABLE = {
    "likeness": pa.float64(),
    "val": pa.float64(),
    "test": pa.float64(),
    "chosen": pa.int64(),
    "flops": pa.float64(),
    "peak_memory_mb": pa.float64(),
    "image_size": pa.int64(),
}
_INTEGERS = ("shots", "seed", "n_train", "n_test", "n_classes", "image_side", "threads")
_FLOATS = ("budget_seconds", "seconds")


def _type(name: str) -> pa.DataType:
    if name in _NULLABLE:
        return _NULLABLE[name]
    if name in _INTEGERS:
        return pa.int64()
    if name in _FLOATS:
        return pa.float64()
    return pa.list_(pa.float32()) if name == "logits" else pa.string()


_SCHEMA = pa.schema(
    [pa.field(f.name, _type(f.name)) for f in dataclasses.fields(Row)],
    metadata={"autotl.benchmark": FORMAT},
)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as Parquet (zstd), atomically."""
    table = pa.Table.from_pylist([_flat(row) for row in rows], schema=_SCHEMA)
    with atomic_file(path, table.nbytes) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_rows(path: Path) -> list[Row]:
    """Read the rows of a file by :func:`write_rows`, without checking seals.

    Raises:
        BenchError: If the file is missing or is not a results file, or if a value is wrong.
    """
    try:
        table = pq.read_table(path)
    except FileNotFoundError as error:
        raise BenchError(f"There is no file {path}.") from error
    except (OSError, pa.ArrowInvalid) as error:
        raise BenchError(f"{path} is not a readable Parquet file: {error}") from error
    found = (table.schema.metadata or {}).get(b"autotl.benchmark", b"").decode()
    if found != FORMAT:
        raise BenchError(
            f"{path} must be a results file of format {FORMAT} (got {found or 'no format'}). "
            "Give the results.parquet that 'autotl bench' wrote."
        )
    names = [name for name in _SCHEMA.names if name in table.column_names or name not in ADDED]
    _check_columns(table, names, path)
    return [_row(record, path) for record in table.select(names).to_pylist()]


def _check_columns(table: pa.Table, names: list[str], path: Path) -> None:
    if missing := [name for name in names if name not in table.column_names]:
        raise BenchError(f"{path} has no columns {', '.join(missing)}.")
    for name in names:
        if table.column_names.count(name) > 1:
            raise BenchError(f"{path} has the column {name} twice.")
        found, wanted = table.schema.field(name).type, _type(name)
        if found != wanted:
            raise BenchError(f"{path}: the column {name} must be of type {wanted} (got {found}).")
        if name not in (*_NULLABLE, "logits") and table.column(name).null_count:
            raise BenchError(f"{path}: the column {name} must have no nulls.")


def _flat(row: Row) -> dict[str, Any]:
    record = {f.name: getattr(row, f.name) for f in dataclasses.fields(row)}
    for name in _JSON:
        record[name] = json.dumps(record[name], ensure_ascii=False, default=dict)
    if row.logits is not None:
        record["logits"] = np.ascontiguousarray(row.logits, dtype=np.float32).ravel()
    return record


def _row(record: dict[str, Any], path: Path) -> Row:
    try:
        record = {"contributions": "[]", "adaptation": "null"} | record  # older files lack the columns
        for name in _JSON:
            record[name] = json.loads(record[name])
        check_values(record)
        for name in LISTS:
            record[name] = tuple(record[name])
        if record["logits"] is not None:
            flat = np.asarray(record["logits"], dtype=np.float32)
            record["logits"] = flat.reshape(record["n_test"], record["n_classes"])
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        name = f"{record['entrant']} on {record['dataset']}, seed {record['seed']}"
        raise BenchError(f"{path}: the row of {name} cannot be read: {error}") from error
    return Row(**record)
