"""Delta tables with random histories, written by deltalake, and beside each what is left of its rows as one Parquet file.

Usage: delta_histories.py FOLDER few|many SEED
"""

import datetime
import math
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

FOLDER, WHAT, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3])
START = datetime.datetime(2026, 4, 1, 10, tzinfo=datetime.timezone.utc)
NAMES = ["NO", "SE", "", "it's \"so\"/%2F", "\u00f8\u4e16", None]
NUMBERS = [0.0, -0.0, 0.01, 0.5, 1.0, math.inf, -math.inf, math.nan, None]


def schema(ages, naive):
    zone = None if naive else "UTC"
    fields = [
        ("time", pa.timestamp("us", tz=zone)),
        ("number", pa.int64()),
        ("model_version", pa.string()),
        ("income", pa.float64()),
        ("country", pa.string()),
    ]
    return pa.schema(fields + [("age", pa.float64())] * ages)


class History:
    def __init__(self, place, random):
        self.path, self.random, self.rows, self.said = f"{FOLDER}/{place}", random, [], []
        self.ages, self.naive, self.next = False, random.random() < 0.3, 0
        self.partitions = random.choice([[], ["model_version"], ["country"]])

    def made(self, count):
        made = []
        for _ in range(count):
            second = self.random.choice([0, 299.999999, 300, 900, self.random.uniform(-600, 2_000)])
            time = None if self.random.random() < 0.03 else START + datetime.timedelta(seconds=second)
            if time and self.naive:
                time = time.replace(tzinfo=None)
            income = self.random.choice(NUMBERS + [self.random.random()] * 9)
            row = {
                "time": time,
                "number": self.next,
                "model_version": self.random.choice(["1", "2", None]),
                "income": income,
                "country": self.random.choice(NAMES),
            }
            # A partition's empty text is written as none.
            if self.partitions == ["country"] and row["country"] == "":
                row["country"] = None
            if self.ages:
                row["age"] = self.random.random()
            self.next += 1
            made.append(row)
        return made

    def table(self, rows):
        return pa.Table.from_pylist(rows, schema=schema(self.ages, self.naive))

    def write(self, rows, mode):
        write_deltalake(self.path, self.table(rows), mode=mode, partition_by=self.partitions or None, schema_mode="merge")

    def append(self):
        rows = self.made(self.random.randrange(1, 120))
        self.write(rows, "append")
        self.rows += rows

    def overwrite(self):
        self.rows = self.made(self.random.randrange(1, 120))
        write_deltalake(self.path, self.table(self.rows), mode="overwrite", partition_by=self.partitions or None, schema_mode="merge")

    def delete(self):
        part = self.random.randrange(2, 5)
        DeltaTable(self.path).delete(f"number % {part} = 1")
        self.rows = [row for row in self.rows if row["number"] % part != 1]

    def update(self):
        DeltaTable(self.path).update(updates={"income": "0.25"}, predicate="number % 7 = 3")
        self.rows = [row | {"income": 0.25} if row["number"] % 7 == 3 else row for row in self.rows]

    def merge(self):
        rows = self.made(10)
        for row in rows[:5]:
            row["number"] = self.random.randrange(self.next)
        rows = list({row["number"]: row for row in rows}.values())
        merge = DeltaTable(self.path).merge(self.table(rows), "t.number = s.number", source_alias="s", target_alias="t")
        merge.when_matched_update_all().when_not_matched_insert_all().execute()
        old = {row["number"]: row for row in self.rows} | {row["number"]: row for row in rows}
        self.rows = list(old.values())

    def grow(self):
        self.ages = True
        self.append()

    def optimize(self):
        DeltaTable(self.path).optimize.compact()

    def checkpoint(self):
        DeltaTable(self.path).create_checkpoint()

    def vacuum(self):
        DeltaTable(self.path).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)

    def run(self, steps):
        self.append()
        for step in steps:
            self.said.append(step)
            getattr(self, step)()
        # What was overwritten before a column came has none of it.
        pq.write_table(self.table(self.rows), self.path + ".parquet")
        with open(self.path + ".txt", "w") as file:
            print(f"seed {SEED}, partitions {self.partitions}, naive {self.naive}: {' '.join(self.said)}", file=file)


STEPS = ["append", "overwrite", "delete", "update", "merge", "grow", "optimize", "checkpoint", "vacuum"]
if WHAT == "few":
    History(0, random.Random(SEED)).run(["append", "delete", "checkpoint", "append", "delete"])
else:
    for place in range(12):
        one = random.Random(f"{SEED} {place}")
        History(place, one).run([one.choice(STEPS) for _ in range(one.randrange(2, 7))])
