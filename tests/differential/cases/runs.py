"""Runs: create, get, update, delete, restore."""

from differential.case import Case, get, post, posts, saving
from differential.cases.experiments import created

CREATE = "runs/create"
UPDATE = "runs/update"


def new_run(variable: str = "run", experiment: str = "${e}", **body: object) -> Case:
    """Makes a run with a known start and name, and keeps its id."""
    known = {"experiment_id": experiment, "start_time": 1_700_000_000_000, "run_name": variable}
    return saving(post(CREATE, {**known, **body}), **{variable: "run.info.run_id"})


def read(variable: str = "run") -> Case:
    return get("runs/get", run_id=f"${{{variable}}}")


RUN_NAME = "mlflow.runName"

CREATING = [
    created("runs-create", "e"),
    new_run(user_id="u"),
    read(),
    *(
        saving(post(CREATE, {"experiment_id": "${e}", **body}), run="run.info.run_id")
        for body in (
            {"start_time": "1700000000001", "tags": [{"key": RUN_NAME, "value": "by tag"}]},
            {"start_time": 5.0},
            {"start_time": "5.0"},
            {"start_time": 0},
            {"start_time": -5},
            {"start_time": 1, "run_name": ""},
            {"start_time": 1, "run_name": "", "tags": [{"key": RUN_NAME, "value": "by tag"}]},
            {"start_time": 1, "run_name": "n", "tags": [{"key": RUN_NAME, "value": "n"}]},
            {"start_time": 1, "user_id": "", "run_name": "n"},
            {"start_time": 1, "run_name": "n", "tags": []},
            {"start_time": 1, "run_name": "n", "tags": [{"key": "a", "value": "1"}]},
            {"start_time": 1, "run_name": "n", "tags": [{"key": "a"}]},
            {"start_time": 1, "run_name": "n", "tags": [{"key": "k" * 250, "value": "v" * 9000}]},
            {"start_time": 1, "run_name": "é ☃ 🦀"},
            {"start_time": 1, "run_name": "r" * 300},
            {"start_time": 1, "userId": "camel", "runName": "camel"},
            {"start_time": 1, "run_name": "n", "nonsense": 5},
        )
    ),
    *posts(
        CREATE,
        {"run_name": "a", "tags": [{"key": RUN_NAME, "value": "b"}]},
        {"start_time": "x"},
        {"start_time": ""},
        {"start_time": [1]},
        {"run_name": 5},
        {"tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
        {"start_time": 1, "startTime": 2},
        experiment_id="${e}",
    ),
    *posts(
        CREATE,
        {"tags": [{"value": "1"}]},
        {"tags": [{"key": "a?", "value": "1"}]},
        experiment_id="${e}",
        start_time=1,
        run_name="odd tags",
    ),
    *posts(
        CREATE,
        {"experiment_id": 5},
        {"experiment_id": "999999"},
        {"experiment_id": "abc"},
        start_time=1,
    ),
]

READING = [
    created("runs-get", "e"),
    new_run(),
    read(),
    get("runs/get", run_uuid="${run}"),
    get("runs/get", run_id="${run}", run_uuid="nope"),
    get("runs/get", runId="${run}"),
    get("runs/get", run_id="nope"),
    get("runs/get", run_uuid="nope"),
    get("runs/get", run_id=""),
    get("runs/get"),
    get("runs/get", run_id="a/b c"),
]

UPDATING = [
    created("runs-update", "e"),
    new_run(),
    *posts(
        UPDATE,
        {"status": "FINISHED", "end_time": 1_700_000_000_005},
        {},
        {"status": 4},
        {"status": "BOGUS"},
        {"status": 99},
        {"status": "5"},
        {"status": None},
        {"status": 0},
        {"status": "SCHEDULED"},
        {"status": "RUNNING", "end_time": "7"},
        {"status": "RUNNING", "end_time": 8.0},
        {"end_time": 9},
        {"end_time": 0},
        {"end_time": None},
        {"end_time": "x"},
        {"status": "KILLED", "end_time": -1},
        {"run_name": "renamed"},
        {"run_name": ""},
        {"run_name": None},
        {"run_name": 5},
        {"run_name": "r" * 300},
        {"runName": "camel", "endTime": 11},
        {"run_name": "a", "runName": "b"},
        {"status": ["RUNNING"]},
        run_id="${run}",
    ),
    post(UPDATE, {"run_uuid": "${run}", "run_name": "by uuid"}),
    post(UPDATE, {"run_id": "${run}", "run_uuid": "nope", "run_name": "by both"}),
    post(UPDATE, {"runId": "${run}", "run_name": "camel id"}),
    *posts(UPDATE, {"run_id": "nope"}, {"run_id": ""}, {}, {"run_id": 5}),
    read(),
]

LIFECYCLE = [
    created("runs-delete", "e"),
    new_run(),
    post("runs/delete", {"run_id": "${run}"}),
    post("runs/delete", {"run_id": "${run}"}),
    read(),
    *posts("runs/delete", {"run_id": "nope"}, {"run_id": ""}, {}, {"run_id": 5}),
    *posts("runs/delete", {"run_uuid": "${run}"}, {"runId": "${run}"}),
    *posts("runs/search", {}, {"run_view_type": "DELETED_ONLY"}, experiment_ids=["${e}"]),
    *(
        post(f"runs/{verb}", {"run_id": "${run}", **body})
        for verb, body in (
            ("update", {"status": "FINISHED"}),
            ("update", {}),
            ("log-metric", {"key": "m", "value": 1, "timestamp": 1}),
            ("log-parameter", {"key": "m", "value": "1"}),
            ("set-tag", {"key": "m", "value": "1"}),
            ("delete-tag", {"key": "m"}),
            ("log-batch", {}),
            ("log-batch", {"tags": [{"key": "a", "value": "b"}]}),
            ("log-inputs", {}),
            ("outputs", {"models": []}),
            ("outputs", {"models": [{"model_id": "m-nope", "step": 0}]}),
            ("log-model", {"model_json": '{"artifact_path": "m", "flavors": {}}'}),
        )
    ),
    get("metrics/get-history", run_id="${run}", metric_key="m"),
    post("runs/restore", {"run_id": "${run}"}),
    post("runs/restore", {"run_id": "${run}"}),
    read(),
    *posts("runs/restore", {"run_id": "nope"}, {"run_id": ""}, {}, {"run_id": 5}),
]

GROUPS = {
    "create": CREATING,
    "get": READING,
    "update": UPDATING,
    "delete": LIFECYCLE,
}
