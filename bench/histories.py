"""Points of metrics by the million: how fast they come, what they take on disk, how they are read.

Batches of a thousand points go in one after the other over one connection, as a training script
sends them; the client's time is in the rate.
"""

import random
import sqlite3
import statistics
import time
import uuid

from processes import cpu_seconds, wait_until_quiet
from targets import Connection, Target

BATCH = 1000
KEYS = 10
MANY, FEW = 1_000_000, 100_000
# Samples are for pages, and the reference has them below their path alone.
PAGES = "/ajax-api/2.0/mlflow/"
# For how long points are logged to one run at most: the reference would need minutes for a million.
SECONDS = 60
# A read is repeated until it took as long as this, all together.
READS, READ_SECONDS = 5, 15


def new_run(target: Target) -> str:
    name = f"bench-{uuid.uuid4().hex}"
    experiment = target.post("experiments/create", {"name": name})["experiment_id"]
    run = target.post("runs/create", {"experiment_id": experiment, "start_time": 1})["run"]
    return run["info"]["run_id"]


def batch(run_id: str, keys: int, number: int) -> bytes:
    """A batch of some steps of all series: steps a second apart, values with all their digits."""
    numbers = random.Random(number)
    first = number * BATCH // keys
    points = ",".join(
        f'{{"key":"metric-{key}","value":{numbers.random()!r},'
        f'"timestamp":{1700000000000 + step * 1000 + numbers.randrange(50)},"step":{step}}}'
        for step in range(first, first + BATCH // keys)
        for key in range(keys)
    )
    return f'{{"run_id":"{run_id}","metrics":[{points}]}}'.encode()


def database_bytes(target: Target) -> int:
    """The size of the database file, once all that was written has arrived in it."""
    connection = sqlite3.connect(target.database())
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return target.database().stat().st_size


def ingest(target: Target, keys: int, points: int) -> tuple[str, dict]:
    """Logs points to a new run until the time is over; returns its id and what that took."""
    run_id = new_run(target)
    connection = Connection(target.port)
    batches = [batch(run_id, keys, number) for number in range(points // BATCH)]
    size = database_bytes(target)
    wait_until_quiet(target.process.pid)
    spent, started = cpu_seconds(target.process.pid), time.perf_counter()
    points = 0
    for body in batches:
        connection.send("POST", "runs/log-batch", body)
        points += BATCH
        if time.perf_counter() - started > SECONDS:
            break
    wall = time.perf_counter() - started
    wait_until_quiet(target.process.pid)
    spent = cpu_seconds(target.process.pid) - spent
    return run_id, {
        "points": points,
        "points_per_second": points / wall,
        "cpu_us_per_point": spent / points * 1e6,
        "bytes_per_point": (database_bytes(target) - size) / points,
    }


def read(target: Target, path: str) -> dict:
    connection = Connection(target.port)
    connection.send("GET", path)
    wait_until_quiet(target.process.pid)
    walls = []
    spent = cpu_seconds(target.process.pid)
    while len(walls) < READS and sum(walls) < READ_SECONDS:
        started = time.perf_counter()
        size = len(connection.send("GET", path))
        walls.append(time.perf_counter() - started)
    spent = cpu_seconds(target.process.pid) - spent
    return {
        "wall_ms": statistics.median(walls) * 1000,
        "cpu_ms": spent / len(walls) * 1000,
        "mebibytes": size / 2**20,
    }


def sampled(run_id: str, first: int | None = None, last: int | None = None) -> str:
    path = f"{PAGES}metrics/get-history-bulk-interval?run_ids={run_id}&metric_key=metric-0"
    return path if first is None else f"{path}&start_step={first}&end_step={last}"


def measure_histories(target: Target) -> dict:
    target.start()
    try:
        _, written = ingest(target, KEYS, MANY)
        run_id, _ = ingest(target, 1, FEW)
        history = f"metrics/get-history?run_id={run_id}&metric_key=metric-0"
        reads = {
            f"history of {FEW:,} points": read(target, history),
            f"2500 of {FEW:,} points, sampled": read(target, sampled(run_id)),
        }
        if written["points"] == MANY:
            run_id, _ = ingest(target, 1, MANY)
            reads[f"2500 of {MANY:,} points, sampled"] = read(target, sampled(run_id))
            some = sampled(run_id, MANY // 5, MANY // 5 + MANY // 2)
            reads[f"2500 of {MANY // 2:,} points amid them"] = read(target, some)
        return {"written": written, "reads": reads}
    finally:
        if target.process:
            target.stop()
        target.remove()


def history_table(results: dict[str, dict]) -> str:
    lines = [
        "| 1000 points a batch | points | points/s | CPU µs/point | bytes/point on disk |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, result in results.items():
        cell = result["written"]
        lines.append(
            f"| {name} | {cell['points']:,} | {cell['points_per_second']:,.0f} "
            f"| {cell['cpu_us_per_point']:.2f} | {cell['bytes_per_point']:.1f} |"
        )
    lines += [
        "",
        "| read | server | wall ms | CPU ms | MiB |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for label in dict.fromkeys(label for result in results.values() for label in result["reads"]):
        for name, result in results.items():
            cell = result["reads"].get(label)
            if cell:
                lines.append(
                    f"| {label} | {name} | {cell['wall_ms']:.1f} | {cell['cpu_ms']:.1f} "
                    f"| {cell['mebibytes']:.2f} |"
                )
    return "\n".join(lines)
