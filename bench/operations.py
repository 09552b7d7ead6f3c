"""What each operation of the AIDP dialect costs, in a tenant of two sizes: the costs must not grow
with what else is there. The reference does not speak this dialect, so Ferroflow stands alone."""

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from processes import cpu_seconds, wait_until_quiet
from targets import Ferroflow

HERE = Path(__file__).resolve().parent
# Each size has a tenant of its own.
PLATFORM = "/20260430/aiDataPlatforms/TENANT/mlops/api/2.0/"
WORKSPACE = "/20260430/aiDataPlatforms/TENANT/workspaces/main/mlops/api/2.0/"

CLIENTS = 16
SECONDS = 1
GOAL_MS = 0.2
# Experiments, runs, registered models, and versions of one model: so many of each.
SIZES = (40_000, 120_000)
# Operations that leave their subjects in place share the first ones.
SHARED = 1000
ROWS = 10

PAIR = {"key": "k", "value": "v"}
TAGS = [{"key": f"tag-{index}", "value": str(index)} for index in range(5)]
EXPERIMENT = {"experiment_id": "{i}"}
RUN = {"run_id": "{run}"}
MODEL = {"name": "c.s.m-{i}"}
VERSION = {"name": "c.s.versions", "version": "{i}"}
OF_RUN = {**RUN, "metric_key": "history"}
BATCH = {
    "metrics": [{"key": f"m-{m}", "value": 0.5, "timestamp": 1, "step": 1} for m in range(10)],
    "params": [{"key": f"p-{p}", "value": "1"} for p in range(10)],
    "tags": TAGS,
}
DATASET = {"name": "iris", "digest": "d", "source_type": "local", "source": "{}"}
HISTORY = [
    {"key": "history", "value": step, "timestamp": step, "step": step} for step in range(1000)
]


@dataclass(frozen=True)
class Operation:
    """An operation with what it sends: a body, or the arguments of a query."""

    name: str
    path: str
    arguments: dict
    is_get: bool = False
    # What is used up: each request takes the next of a kind.
    uses_up: str | None = None
    # How many take turns where nothing is used up.
    subjects: int = SHARED
    note: str = ""


def post(name: str, base: str, path: str, arguments: dict, **options) -> Operation:
    return Operation(name, f"{base}{path}", arguments, **options)


def get(name: str, base: str, path: str, arguments: dict, **options) -> Operation:
    return Operation(name, f"{base}{path}", arguments, is_get=True, **options)


W, P = f"{WORKSPACE}mlflow/", f"{PLATFORM}mlflow/"
PAGE = f"{ROWS} rows"
OPERATIONS = [
    post("createExperiment", W, "experiments/create", {"name": "e-{n}", "tags": [PAIR]}),
    get("getExperimentById", W, "experiments/get", EXPERIMENT),
    get("getExperimentByName", W, "experiments/get-by-name", {"experiment_name": "Default"}),
    post("listExperiments", W, "experiments/search", {"max_results": ROWS}, note=PAGE),
    post("setExperimentTag", W, "experiments/set-experiment-tag", {**EXPERIMENT, **PAIR}),
    post(
        "deleteExperimentTag",
        W,
        "experiments/delete-experiment-tag",
        {**EXPERIMENT, "key": "k"},
        uses_up="experiment tags",
    ),
    post(
        "updateExperimentTags",
        W,
        "internal/experiments/update-experiment-tags",
        {**EXPERIMENT, "set_tags": TAGS, "delete_tags": [{"key": "x"}]},
        note="5 tags",
    ),
    post("updateExperiment", W, "experiments/update", {**EXPERIMENT, "new_name": "r-{n}"}),
    post("deleteExperiment", W, "experiments/delete", EXPERIMENT, uses_up="experiments"),
    post("restoreExperiment", W, "experiments/restore", EXPERIMENT, uses_up="deleted experiments"),
    post(
        "createExperimentRun",
        W,
        "runs/create",
        {"experiment_id": "1", "run_name": "r-{n}", "start_time": 1, "tags": TAGS},
        note="5 tags",
    ),
    get("getExperimentRunById", W, "runs/get", RUN, note="25 metrics, params and tags"),
    get(
        "getExperimentRunMetricHistory",
        W,
        "metrics/get-history",
        {**OF_RUN, "max_results": ROWS},
        subjects=10,
        note=PAGE,
    ),
    post(
        "listExperimentRuns",
        W,
        "runs/search",
        {"experiment_ids": ["1"], "max_results": ROWS},
        note=PAGE,
    ),
    post(
        "logExperimentRunMetric",
        W,
        "runs/log-metric",
        {**RUN, "key": "m", "value": 0.5} | {"timestamp": 1, "step": 7},
    ),
    post("logExperimentRunBatch", W, "runs/log-batch", {**RUN, **BATCH}, note="25 entities"),
    post("logExperimentRunParam", W, "runs/log-parameter", {**RUN, **PAIR}),
    post(
        "logExperimentRunInputs",
        W,
        "runs/log-inputs",
        {**RUN, "dataset_inputs": [{"dataset": DATASET, "tags": [PAIR]}]},
    ),
    post("logExperimentRunModel", W, "runs/log-model", {**RUN, "model_json": '{"a":1}'}),
    post("setExperimentRunTag", W, "runs/set-tag", {**RUN, **PAIR}),
    post(
        "deleteExperimentRunTag", W, "runs/delete-tag", {**RUN, "key": "tag-0"}, uses_up="run tags"
    ),
    post(
        "updateExperimentRunTags",
        W,
        "internal/runs/update-tags",
        {**RUN, "set_tags": TAGS, "delete_tags": [{"key": "x"}]},
        note="5 tags",
    ),
    post("updateExperimentRun", W, "runs/update", {**RUN, "status": "FINISHED", "end_time": 9}),
    post("deleteExperimentRun", W, "runs/delete", RUN, uses_up="runs"),
    post("restoreExperimentRun", W, "runs/restore", RUN, uses_up="deleted runs"),
    get("listArtifacts", W, "artifacts/list", RUN, note="none there"),
    post(
        "listLoggedModels",
        W,
        "logged-models/search",
        {"experiment_ids": ["1"], "max_results": ROWS},
        note="none there",
    ),
    post(
        "createRegisteredModel",
        P,
        "registered-models/create",
        {"name": "c.t.n-{n}", "tags": TAGS},
        note="5 tags",
    ),
    get("getRegisteredModel", P, "registered-models/get", MODEL),
    get(
        "getRegisteredModelSummary",
        PLATFORM,
        "registered-models/summary",
        {"catalog": "c", "schema": "small"},
        note="of 10 models",
    ),
    get("listRegisteredModels", P, "registered-models/search", {"max_results": ROWS}, note=PAGE),
    post("updateRegisteredModel", P, "registered-models/update", {**MODEL, "description": "d"}),
    post("setRegisteredModelTag", P, "registered-models/set-tag", {**MODEL, **PAIR}),
    post(
        "deleteRegisteredModelTag",
        P,
        "registered-models/delete-tag",
        {**MODEL, "key": "k"},
        uses_up="models",
    ),
    post(
        "updateRegisteredModelTags",
        P,
        "internal/registered-models/update-tags",
        {**MODEL, "set_tags": TAGS, "delete_tags": [{"key": "x"}]},
        note="5 tags",
    ),
    post(
        "renameRegisteredModel",
        P,
        "registered-models/rename",
        {**MODEL, "new_name": "c.r.m-{i}"},
        uses_up="models",
    ),
    post("deleteRegisteredModel", P, "registered-models/delete", MODEL, uses_up="models"),
    post("createModelVersion", P, "model-versions/create", {**MODEL, "source": "s3://b/{n}"}),
    post(
        "createWorkspaceModelVersion",
        W,
        "model-versions/create",
        {**MODEL, "source": "s3://b/{n}", "run_id": "{run}"},
    ),
    get("getModelVersion", P, "model-versions/get", VERSION),
    get(
        "listModelVersions",
        P,
        "model-versions/search",
        {"filter": "name = 'c.s.versions'", "max_results": ROWS},
        note=PAGE,
    ),
    post("updateModelVersion", P, "model-versions/update", {**VERSION, "description": "d"}),
    post("setModelVersionTag", P, "model-versions/set-tag", {**VERSION, **PAIR}),
    post(
        "deleteModelVersionTag",
        P,
        "model-versions/delete-tag",
        {**VERSION, "key": "k"},
        uses_up="versions",
    ),
    post(
        "updateModelVersionTags",
        P,
        "internal/model-versions/update-tags",
        {**VERSION, "set_tags": TAGS, "delete_tags": [{"key": "x"}]},
        note="5 tags",
    ),
    post(
        "transitionModelVersionStage",
        P,
        "model-versions/transition-stage",
        {**VERSION, "stage": "Staging", "archive_existing_versions": False},
    ),
    post("deleteModelVersion", P, "model-versions/delete", VERSION, uses_up="versions"),
]

# What the tenant is filled with: one request each makes one of these.
FILLERS = [
    post("experiments", W, "experiments/create", {"name": "f-{i}", "tags": [PAIR]}),
    post("runs", W, "runs/create", {"experiment_id": "1", "start_time": 1, "tags": TAGS}),
    post("models", P, "registered-models/create", {"name": "c.s.m-{i}", "tags": [PAIR]}),
    post(
        "versions",
        P,
        "model-versions/create",
        {"name": "c.s.versions", "source": "s3://b/{i}", "tags": [PAIR]},
    ),
]


class Bench:
    """One tenant of a server."""

    def __init__(self, target: Ferroflow, size: int):
        self.target = target
        self.size = size
        self.runs = target.directory / f"runs-{size}"
        self.runs.write_text("none\n")
        # What operations have used up of each kind.
        self.used: dict[str, int] = {}

    def measure(self) -> dict[str, dict]:
        self.prepare()
        self.fill()
        wait_until_quiet(self.target.process.pid)
        costs = {}
        for operation in OPERATIONS:
            print(time.strftime("%X"), self.size, operation.name, file=sys.stderr)
            costs[operation.name] = self.cost(operation)
        return costs

    def prepare(self) -> None:
        """Makes what each operation finds beside its subjects."""
        self.send(f"{P}registered-models/create", {"name": "c.s.versions"})
        for index in range(10):
            name = f"c.small.m-{index}"
            self.send(f"{P}registered-models/create", {"name": name})
            self.send(f"{P}model-versions/create", {"name": name, "source": "s"})

    def fill(self) -> None:
        """Brings the tenant to its size, and learns the ids of runs."""
        for filler in FILLERS:
            made = 0
            while made < self.size:
                seconds = max(1, min(10, (self.size - made) // 10_000))
                sent = self.drive(filler, made + 1, 10**9, seconds)["sent"]
                # The last ones may have been cut off; they come again.
                made += max(sent - CLIENTS, 1)
        search = {"experiment_ids": ["1"], "max_results": 50_000}
        found = self.send(f"{W}runs/search", search)["runs"]
        ids = [run["info"]["run_id"] for run in found]
        self.runs.write_text("".join(f"{run_id}\n" for run_id in ids))
        for run_id in ids[:SHARED]:
            self.send(f"{W}runs/log-batch", {"run_id": run_id, **BATCH})
        for run_id in ids[:10]:
            self.send(f"{W}runs/log-batch", {"run_id": run_id, "metrics": HISTORY})

    def cost(self, operation: Operation) -> dict:
        kind = operation.uses_up
        first = self.used.get(kind, SHARED + 1) if kind else 1
        count = 10**9 if kind else operation.subjects
        # What is deleted first and then restored must last for longer.
        seconds = 3 * SECONDS if kind in ("experiments", "runs") else SECONDS
        before = cpu_seconds(self.target.process.pid)
        result = self.drive(operation, first, count, seconds)
        # Those that were under way at the end are served all the same.
        time.sleep(0.1)
        spent = cpu_seconds(self.target.process.pid) - before
        if kind:
            self.used[kind] = first + result["sent"]
        return {"cpu_ms": spent / result["sent"] * 1000, "errors": result["errors"]}

    def drive(self, operation: Operation, first: int, count: int, seconds: int) -> dict:
        path, body = self.in_tenant(operation.path), json.dumps(operation.arguments)
        if operation.is_get:
            path = f"{path}?{urlencode(operation.arguments, safe='{}')}"
        command = ["wrk", "--threads", "1", "--connections", str(CLIENTS), "--duration"]
        command += [f"{seconds}s", "--script", str(HERE / "operations.lua")]
        command += [f"http://127.0.0.1:{self.target.port}", "--"]
        command += ["GET" if operation.is_get else "POST", path, body]
        command += [str(first), str(count), str(self.runs)]
        finished = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(re.search(r"^RESULT (.*)$", finished.stdout, re.MULTILINE).group(1))

    def in_tenant(self, path: str) -> str:
        return path.replace("TENANT", f"bench-{self.size}")

    def send(self, path: str, body: dict) -> dict:
        status, content = self.target.try_post(self.in_tenant(path), body)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {content!r}")
        return json.loads(content)


def measure_operations(target: Ferroflow) -> dict:
    try:
        target.start()
        rows = {operation.name: {"note": operation.note} for operation in OPERATIONS}
        for size in SIZES:
            for name, cost in Bench(target, size).measure().items():
                rows[name][str(size)] = cost
        return {"rows": rows}
    finally:
        if target.process:
            target.stop()
        target.remove()


def operations_table(results: dict[str, dict]) -> str:
    [result] = results.values()
    sizes = [f"CPU ms/request at {size:,}" for size in SIZES]
    lines = [
        f"| operation | {' | '.join(sizes)} | goal |  |",
        f"| --- | {' | '.join('---:' for _ in sizes)} | ---: | --- |",
    ]
    for name, row in result["rows"].items():
        cells = [cost_text(row[str(size)]) for size in SIZES]
        lines.append(f"| {name} | {' | '.join(cells)} | {GOAL_MS} | {row['note']} |")
    return "\n".join(lines)


def cost_text(cell: dict) -> str:
    failed = f" ({cell['errors']} failed)" if cell["errors"] else ""
    return f"{cell['cpu_ms']:.3f}{failed}"
