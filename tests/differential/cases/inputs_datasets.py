"""Inputs and outputs of runs, and the search for datasets."""

from differential.case import post, posts
from differential.cases.experiments import created
from differential.cases.logged_models import new_model
from differential.cases.params_tags_batch import RUN_IDS
from differential.cases.runs import new_run, read

LOG = "runs/log-inputs"
OUTPUTS = "runs/outputs"
SEARCH = "/ajax-api/2.0/mlflow/experiments/search-datasets"
DATASET = {"name": "d", "digest": "g", "source_type": "local", "source": "{}", "schema": "{}"}
CONTEXT = {"key": "mlflow.data.context", "value": "train"}


def inputs(*tags: dict, **fields: object) -> dict:
    """One dataset with tags; a field that is None is left out."""
    dataset = {name: value for name, value in {**DATASET, **fields}.items() if value is not None}
    return {"datasets": [{"dataset": dataset, "tags": list(tags)}]}


DATASETS = [
    created("log-inputs", "e"),
    new_run(),
    *posts(
        LOG,
        inputs(CONTEXT, profile="{}"),
        inputs(CONTEXT),
        inputs({"key": "other", "value": "tag"}),
        inputs(source="another"),
        inputs(name="n" * 500),
        inputs(name="n" * 501),
        inputs(digest="g" * 36),
        inputs(digest="g" * 37),
        inputs(source="s" * 65_536),
        inputs(schema="s" * 1_048_576),
        inputs(profile="p" * 16_777_216),
        inputs({"key": "k" * 255, "value": "v"}, name="long key"),
        inputs({"key": "k" * 256, "value": "v"}),
        inputs({"key": "k", "value": "v" * 500}, name="long value"),
        inputs({"key": "k", "value": "v" * 501}),
        inputs({"key": "a?", "value": "v"}, name="odd key"),
        inputs({"key": "", "value": "v"}, name="empty key"),
        inputs(name=None),
        inputs(digest=None),
        inputs(source=None, name="no source"),
        inputs(source_type=None, name="no source type"),
        inputs(schema=None, name="no schema"),
        inputs(name=""),
        inputs(digest=""),
        inputs(name="é☃", digest="ü"),
        {"datasets": []},
        {"datasets": "x"},
        {"datasets": [{}]},
        {"datasets": [{"tags": [CONTEXT]}]},
        {"datasets": [{"dataset": None}]},
        {},
        run_id="${run}",
    ),
    *posts(LOG, *RUN_IDS, datasets=[]),
    read(),
    new_run("second"),
    post(LOG, {"run_id": "${second}", **inputs(CONTEXT)}),
    post(LOG, {"run_id": "${second}", **inputs({**CONTEXT, "value": "eval"}, name="two")}),
    read("second"),
    *posts(
        SEARCH,
        {"experiment_ids": ["${e}"]},
        {"experiment_ids": []},
        {},
        {"experiment_ids": ["99999"]},
        {"experiment_ids": ["x"]},
        {"experiment_ids": "${e}"},
        {"experiment_ids": ["${e}"] * 20},
        {"experiment_ids": ["${e}"] * 21},
        {"experimentIds": ["${e}"]},
        {"experiment_ids": [1]},
    ),
    post("experiments/search-datasets", {"experiment_ids": ["${e}"]}),
]

MODELS = [
    created("model-inputs", "e"),
    new_run(),
    new_model("model"),
    new_model("other"),
    *posts(
        LOG,
        {"models": [{"model_id": "${model}"}]},
        {"models": [{"model_id": "${model}"}]},
        {"models": []},
        {"models": [{}]},
        {"models": "x"},
        {"models": [{"model_id": "m-nope"}]},
        run_id="${run}",
    ),
    *posts(
        OUTPUTS,
        {"models": [{"model_id": "${model}", "step": 3}]},
        {"models": [{"model_id": "${other}"}]},
        {"models": []},
        {"models": None},
        {"models": "x"},
        {},
        {"models": [{"model_id": "${other}", "step": "4"}]},
        run_id="${run}",
    ),
    *posts(OUTPUTS, *RUN_IDS, models=[]),
    read(),
]

GROUPS = {"datasets": DATASETS, "models": MODELS}
