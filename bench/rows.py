"""Fills a server with rows to search: by its API, from several processes, within a time limit."""

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from targets import Connection

PROCESSES = 3
METRICS, PARAMS, TAGS = 20, 20, 10
# How many values each param and tag takes, in turn.
VARIETY = (2, 10, 100, 1000)
FIRST_START_MS = 1_700_000_000_000
MODEL = "searched"
VERSIONS_PER_RUN = 10


@dataclass(frozen=True)
class Scale:
    """How many rows to make of each kind, and how long at most."""

    runs: int
    experiments: int
    versions: int
    seconds: float

    @classmethod
    def of(cls, runs: int, seconds: float) -> "Scale":
        return cls(runs=runs, experiments=runs // 100, versions=runs, seconds=seconds)


def mixed(number: int, salt: int) -> int:
    """A number that looks random and is the same in each measurement."""
    mixed = (number * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    mixed ^= mixed >> 29
    return (mixed * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF) >> 32


def metric(run: int, index: int) -> float:
    """Spread evenly from 0 to 1."""
    return mixed(run, index) / 2**32


def text(row: int, index: int, salt: int) -> str:
    return f"value-{mixed(row, salt + index) % VARIETY[index % len(VARIETY)]}"


def texts(row: int, kind: str, number: int, salt: int) -> list[dict]:
    return [{"key": f"{kind}-{i}", "value": text(row, i, salt)} for i in range(number)]


def create_run(connection: Connection, experiment: str, number: int) -> None:
    body = {
        "experiment_id": experiment,
        "start_time": FIRST_START_MS + number,
        "tags": texts(number, "tag", TAGS, 200),
    }
    run_id = connection.post("runs/create", body)["run"]["info"]["run_id"]
    batch = {
        "run_id": run_id,
        "metrics": [
            {"key": f"metric-{i}", "value": metric(number, i), "timestamp": number, "step": 0}
            for i in range(METRICS)
        ],
        "params": texts(number, "param", PARAMS, 100),
    }
    connection.post("runs/log-batch", batch)


def create_experiment(connection: Connection, _: str, number: int) -> None:
    """An experiment with one run in it."""
    body = {"name": f"experiment-{number}", "tags": texts(number, "tag", TAGS, 300)}
    experiment = connection.post("experiments/create", body)["experiment_id"]
    create_run(connection, experiment, number)


def create_version(connection: Connection, model: str, number: int) -> None:
    body = {
        "name": model,
        "source": f"s3://bucket/models/{number}",
        "run_id": f"{number // VERSIONS_PER_RUN:032x}",
        "tags": texts(number, "tag", len(VARIETY), 400),
    }
    connection.post("model-versions/create", body)


def fill(port: int, create, parent: str, first: int, rows: int, deadline: float) -> int:
    """One process's share; answers how many rows it made."""
    connection = Connection(port)
    made = 0
    for number in range(first, rows, PROCESSES):
        if time.monotonic() > deadline:
            break
        create(connection, parent, number)
        made += 1
    return made


def fill_all(port: int, create, parent: str, rows: int, seconds: float) -> int:
    deadline = time.monotonic() + seconds
    with ProcessPoolExecutor(PROCESSES) as pool:
        shares = [
            pool.submit(fill, port, create, parent, first, rows, deadline)
            for first in range(PROCESSES)
        ]
        return sum(share.result() for share in shares)


@dataclass(frozen=True)
class Loaded:
    """What there is to search."""

    experiment: str
    runs: int
    experiments: int
    versions: int


def load(port: int, scale: Scale) -> Loaded:
    connection = Connection(port)
    experiment = connection.post("experiments/create", {"name": MODEL})["experiment_id"]
    connection.post("registered-models/create", {"name": MODEL})
    return Loaded(
        experiment=experiment,
        runs=fill_all(port, create_run, experiment, scale.runs, scale.seconds),
        experiments=fill_all(port, create_experiment, "", scale.experiments, scale.seconds),
        versions=fill_all(port, create_version, MODEL, scale.versions, scale.seconds),
    )
