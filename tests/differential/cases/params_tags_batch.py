"""Params and tags of runs, log-batch and log-model."""

import json

from differential.case import Case, post, posts
from differential.cases.experiments import created
from differential.cases.runs import RUN_NAME, new_run, read

LOG_PARAM = "runs/log-parameter"
SET_TAG = "runs/set-tag"
DELETE_TAG = "runs/delete-tag"
LOG_BATCH = "runs/log-batch"
LOG_MODEL = "runs/log-model"

KEYS = (
    "", None, 5, "a?", "k" * 250, "k" * 251, ".", "..", "../a", "/a", "a/", "a//b", "é",
    "a/b.c-d e:f_g",
)  # fmt: skip
RUN_IDS = (
    {}, {"run_id": ""}, {"run_id": None}, {"run_id": "nope"}, {"run_id": 5}, {"run_id": "-bad"},
    {"run_uuid": "${run}"}, {"runId": "${run}"}, {"run_id": "${run}", "runId": "${run}"},
)  # fmt: skip

PARAMS = [
    created("params", "e"),
    new_run(),
    *posts(
        LOG_PARAM,
        {"key": "p", "value": "1"},
        {"key": "p", "value": "1"},
        {"key": "p", "value": "2"},
        {"key": "p2"},
        {"key": "p2", "value": ""},
        {"key": "p3", "value": None},
        {"key": "p4", "value": 5},
        {"key": "p5", "value": True},
        {"value": "2"},
        {"key": "long", "value": "v" * 6000},
        {"key": "longer", "value": "v" * 6001},
        {"key": "longer", "value": "v" * 6002},
        {"key": "unicode", "value": "é☃🦀\n\t"},
        *({"key": key, "value": "k"} for key in KEYS),
        run_id="${run}",
    ),
    *posts(LOG_PARAM, *RUN_IDS, key="id", value="x"),
    read(),
]

TAGS = [
    created("run-tags", "e"),
    new_run(),
    *posts(
        SET_TAG,
        {"key": "t", "value": "1"},
        {"key": "t", "value": "2"},
        {"key": "t2"},
        {"key": "t3", "value": ""},
        {"key": "t4", "value": None},
        {"key": "t5", "value": 5},
        {"value": "2"},
        {"key": RUN_NAME, "value": "by tag"},
        {"key": RUN_NAME, "value": ""},
        {"key": "long", "value": "v" * 8000},
        {"key": "longer", "value": "v" * 8001},
        {"key": "mlflow.user", "value": "somebody"},
        {"key": "t;", "value": "1"},
        *({"key": key, "value": "k"} for key in KEYS),
        run_id="${run}",
    ),
    *posts(SET_TAG, *RUN_IDS, key="id", value="x"),
    read(),
    *posts(
        DELETE_TAG,
        {"key": "t"},
        {"key": "t"},
        {"key": "a?"},
        {"key": RUN_NAME},
        {},
        {"key": ""},
        {"key": 5},
        run_id="${run}",
    ),
    *posts(DELETE_TAG, *RUN_IDS, key="id"),
    read(),
]


def batch(**body: object) -> Case:
    return post(LOG_BATCH, {"run_id": "${run}", **body})


def metrics(count: int) -> list[dict]:
    return [{"key": f"k{i}", "value": 1, "timestamp": 1} for i in range(count)]


def texts(count: int) -> list[dict]:
    return [{"key": f"k{i}", "value": "1"} for i in range(count)]


A_METRIC = {"key": "a", "value": 1, "timestamp": 1}

BATCHES = [
    created("batches", "e"),
    new_run(),
    batch(
        metrics=[A_METRIC, {"key": "a", "value": 2, "timestamp": 2, "step": 1}],
        params=[{"key": "p", "value": "1"}],
        tags=[{"key": "t", "value": "v"}],
    ),
    batch(),
    batch(metrics=[], params=[], tags=[]),
    # Params.
    batch(params=[{"key": "p", "value": "2"}]),
    batch(params=[{"key": "p", "value": "2"}, {"key": "fresh", "value": "1"}]),
    batch(params=[{"key": "p", "value": "2"}], tags=[{"key": "after", "value": "a conflict"}]),
    batch(params=[{"key": "p", "value": "1"}]),
    batch(params=[{"key": "q", "value": "1"}, {"key": "q", "value": "1"}]),
    batch(params=[{"key": "q", "value": "1"}, {"key": "q", "value": "2"}]),
    batch(params=[{"key": "q"}]),
    batch(params=[{"key": "r", "value": "it's"}, {"key": "s", "value": 'a "quote"'}]),
    batch(params=[{"key": "r", "value": "isn't"}, {"key": "s", "value": 'no "quote"'}]),
    batch(params=[{"key": "r", "value": "x" * 6001}]),
    batch(params=[{"key": "s", "value": "é\n"}]),
    *(batch(params=[{"key": "u", "value": "1"}, {"key": key, "value": "1"}]) for key in KEYS),
    batch(params=[{"value": "1"}]),
    batch(params="x"),
    batch(params=5),
    batch(params=["x"]),
    batch(params=[None]),
    batch(params=None),
    batch(params=[{"key": "long", "value": "v" * 6001}]),
    # Metrics.
    batch(metrics=[{"key": "a", "value": 1}]),
    batch(metrics=[{"key": "a", "timestamp": 1}]),
    batch(metrics=[{"value": 1, "timestamp": 1}]),
    batch(metrics=[{"key": "a", "value": 1, "timestamp": -5}]),
    batch(metrics=[A_METRIC, {"key": "a", "value": 1, "timestamp": -5}]),
    batch(metrics=[{"key": "n", "value": "NaN", "timestamp": 1}] * 2),
    batch(metrics=[{"key": "i", "value": "Infinity", "timestamp": 1}]),
    batch(metrics=[{"key": "s", "value": "1.5", "timestamp": "7", "step": "3"}]),
    batch(metrics=[{"key": "f", "value": 1, "timestamp": 7.0, "step": 3.0}]),
    batch(metrics=[{**A_METRIC, "key": "late", "timestamp": time} for time in (2, 1)]),
    *(batch(metrics=[A_METRIC, {**A_METRIC, "key": key}]) for key in KEYS),
    batch(metrics="x"),
    batch(metrics={}),
    batch(metrics=[5]),
    batch(metrics=[{**A_METRIC, "dataset_name": "d", "dataset_digest": "g"}]),
    batch(metrics=[{**A_METRIC, "dataset_name": "d"}]),
    batch(metrics=[{**A_METRIC, "dataset_digest": "g"}]),
    # Tags.
    batch(tags=[{"key": "dup", "value": "1"}, {"key": "dup", "value": "2"}]),
    batch(tags=[{"key": RUN_NAME, "value": "by batch"}]),
    batch(tags=[{"key": RUN_NAME, "value": ""}]),
    batch(tags=[{"value": "1"}]),
    batch(tags=[{"key": "bare"}]),
    batch(tags=[{"key": "long", "value": "v" * 8001}]),
    *(batch(tags=[{"key": "u", "value": "1"}, {"key": key, "value": "1"}]) for key in KEYS),
    batch(tags="x"),
    batch(tags=[5]),
    # Counts.
    batch(metrics=metrics(1001)),
    batch(params=texts(101)),
    batch(tags=texts(101)),
    batch(metrics=metrics(950), params=texts(51)),
    batch(metrics=metrics(900), params=texts(50), tags=texts(51)),
    batch(metrics=metrics(900), params=texts(50), tags=texts(50)),
    # Which run.
    *posts(LOG_BATCH, *RUN_IDS, {"run_id": "x" * 257}, {"run_id": "a/b"}, {"run_id": "é"}),
    *posts(LOG_BATCH, *RUN_IDS, tags=[{"key": "id", "value": "x"}]),
    read(),
]  # fmt: skip

A_MODEL = {
    "artifact_path": "m",
    "flavors": {"f": {"config": {}, "a": 1}},
    "utc_time_created": "2020",
    "run_id": "x",
}  # fmt: skip
ENVIRONMENTS = {
    **A_MODEL,
    "flavors": {"g": {"env": "é"}, "python_function": {"env": {"conda": "c"}, "x": 1}},
    "model_uuid": "1234",
}  # fmt: skip

MODELS = [
    created("log-model", "e"),
    new_run(),
    *posts(
        LOG_MODEL,
        {"model_json": json.dumps(A_MODEL)},
        {"model_json": json.dumps(ENVIRONMENTS)},
        {},
        {"model_json": ""},
        {"model_json": "{"},
        {"model_json": "{}"},
        {"model_json": "[]"},
        {"model_json": "5"},
        {"model_json": 5},
        {"model_json": {"artifact_path": "m"}},
        *(
            {"model_json": json.dumps({k: v for k, v in A_MODEL.items() if k != key})}
            for key in A_MODEL
        ),
        run_id="${run}",
    ),
    *posts(LOG_MODEL, *RUN_IDS, model_json=json.dumps(A_MODEL)),
    read(),
]  # fmt: skip

GROUPS = {
    "log_parameter": PARAMS,
    "tags": TAGS,
    "log_batch": BATCHES,
    "log_model": MODELS,
}
