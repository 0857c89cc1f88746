"""Reads what `docket export` has written as analysts do, with DuckDB and with pandas.

    check_exports.py DIR < SOUGHT

DIR has the folders `tickets`, `events` and `audit`, partitioned by month. SOUGHT is `{"ticket": NUMBER}`.
Both libraries must read the same from each; prints what they read, as JSON: rows by month of each list, the
types of a few columns, and what there is of the ticket that is sought. Exits with 1 and the first thing that
is wrong.
"""

import json
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as dataset

# The moment by whose month a row is partitioned.
MOMENT = {"tickets": "created_at", "events": "time", "audit": "occurred_at"}


def with_pandas(folder):
    partitions = dataset.partitioning(pa.schema([("month", pa.string())]), flavor="hive")
    return dataset.dataset(folder, partitioning=partitions).to_table().to_pandas()


def with_duckdb(folder):
    files = f"{folder}/*/*.parquet"
    return duckdb.sql(f"SELECT * FROM read_parquet('{files}', hive_partitioning = true, hive_types_autocast = false)")


def months(name, folder):
    frame, rows = with_pandas(folder), with_duckdb(folder)
    by_pandas = frame.groupby("month").size().to_dict()
    by_duckdb = dict(duckdb.sql("SELECT month, count(*) FROM rows GROUP BY month").fetchall())
    assert by_pandas == by_duckdb, f"{name}: {by_pandas} by pandas, {by_duckdb} by DuckDB"
    moments = frame[MOMENT[name]]
    assert str(moments.dtype) == "datetime64[us, UTC]", f"{name}: {moments.dtype}"
    wrong = frame[moments.dt.strftime("%Y-%m") != frame["month"]]
    assert wrong.empty, f"{name}: rows in months that aren't theirs: {wrong}"
    for column in frame.columns:
        lacking = int(frame[column].isna().sum())
        [(told,)] = duckdb.sql(f'SELECT count(*) FROM rows WHERE "{column}" IS NULL').fetchall()
        assert lacking == told, f"{name}.{column}: {lacking} are null to pandas, {told} to DuckDB"
    return {month: int(count) for month, count in by_pandas.items()}


def types(folder, names):
    table = with_duckdb(folder)
    told = dict(zip(table.columns, map(str, table.types)))
    return {name: told[name] for name in names}


def main():
    folder, sought = Path(sys.argv[1]), json.load(sys.stdin)
    read = {name: months(name, folder / name) for name in MOMENT}
    tickets = with_duckdb(folder / "tickets")
    [found] = duckdb.sql(
        "SELECT id, subject, tags, priority_rank, custom_fields->>'$.room' AS room, "
        "epoch_us(created_at) AS created, spam, rating FROM tickets WHERE number = $number",
        params={"number": sought["ticket"]},
    ).fetchall()
    frame = with_pandas(folder / "tickets").set_index("number").loc[sought["ticket"]]
    assert list(frame["tags"]) == found[2] and frame["subject"] == found[1], frame
    assert json.loads(frame["custom_fields"])["room"] == found[4], frame["custom_fields"]
    assert pd.Timestamp(found[5], unit="us", tz="UTC") == frame["created_at"], frame["created_at"]
    events = with_duckdb(folder / "events")
    opened = duckdb.sql(
        "SELECT data->>'$.number' FROM events WHERE subject = $id AND type = 'TicketOpened'",
        params={"id": found[0]},
    ).fetchall()
    audit = with_duckdb(folder / "audit")
    [(exported,)] = duckdb.sql("SELECT count(*) FROM audit WHERE type = 'exported'").fetchall()
    columns = ["created_at", "tags", "priority_rank", "spam", "custom_fields", "subject"]
    print(
        json.dumps(
            {
                "months": read,
                "types": types(folder / "tickets", columns),
                "ticket": list(found),
                "opened": [number for (number,) in opened],
                "exported": exported,
            }
        )
    )


if __name__ == "__main__":
    main()
