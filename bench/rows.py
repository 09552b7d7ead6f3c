"""Fills a server with rows to search: by its API, from several processes, within a time limit."""

import http.client
import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from targets import MLFLOW

PROCESSES = 3
TIMEOUT_SECONDS = 600
METRICS, PARAMS, TAGS = 20, 20, 10
# How many values each param and tag takes, in turn.
VARIETY = (2, 10, 100, 1000)
FIRST_START_MS = 1_700_000_000_000
MODEL = "searched"
VERSIONS_PER_RUN = 10


@dataclass(frozen=True)
class Scale:
    """How many rows to make of each kind, and how long at most."""

    runs: int = 100_000
    experiments: int = 1_000
    versions: int = 100_000
    seconds: float = 600


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


class Client:
    """One kept-alive connection."""

    def __init__(self, port: int):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)

    def post(self, operation: str, body: dict) -> dict:
        return json.loads(self.send("POST", operation, json.dumps(body)))

    def send(self, method: str, operation: str, body: str | None = None) -> bytes:
        headers = {"content-type": "application/json"}
        self.http.request(method, MLFLOW + operation, body, headers)
        answer = self.http.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{operation}: {answer.status} {content[:300]!r}")
        return content


def create_run(client: Client, experiment: str, number: int) -> None:
    body = {
        "experiment_id": experiment,
        "start_time": FIRST_START_MS + number,
        "tags": texts(number, "tag", TAGS, 200),
    }
    run_id = client.post("runs/create", body)["run"]["info"]["run_id"]
    batch = {
        "run_id": run_id,
        "metrics": [
            {"key": f"metric-{i}", "value": metric(number, i), "timestamp": number, "step": 0}
            for i in range(METRICS)
        ],
        "params": texts(number, "param", PARAMS, 100),
    }
    client.post("runs/log-batch", batch)


def create_experiment(client: Client, _: str, number: int) -> None:
    """An experiment with one run in it."""
    body = {"name": f"experiment-{number}", "tags": texts(number, "tag", TAGS, 300)}
    experiment = client.post("experiments/create", body)["experiment_id"]
    create_run(client, experiment, number)


def create_version(client: Client, model: str, number: int) -> None:
    body = {
        "name": model,
        "source": f"s3://bucket/models/{number}",
        "run_id": f"{number // VERSIONS_PER_RUN:032x}",
        "tags": texts(number, "tag", len(VARIETY), 400),
    }
    client.post("model-versions/create", body)


def fill(port: int, create, parent: str, first: int, rows: int, deadline: float) -> int:
    """One process's share; answers how many rows it made."""
    client = Client(port)
    made = 0
    for number in range(first, rows, PROCESSES):
        if time.monotonic() > deadline:
            break
        create(client, parent, number)
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
    client = Client(port)
    experiment = client.post("experiments/create", {"name": MODEL})["experiment_id"]
    client.post("registered-models/create", {"name": MODEL})
    return Loaded(
        experiment=experiment,
        runs=fill_all(port, create_run, experiment, scale.runs, scale.seconds),
        experiments=fill_all(port, create_experiment, "", scale.experiments, scale.seconds),
        versions=fill_all(port, create_version, MODEL, scale.versions, scale.seconds),
    )
