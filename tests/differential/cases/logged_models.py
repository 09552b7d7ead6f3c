"""Logged models: create, get, finalize, tags, params, delete."""

from differential.case import Case, delete, get, patch, post, posts, saving
from differential.cases.experiments import created
from differential.cases.runs import new_run, read

PATH = "logged-models"


def new_model(variable: str = "model", experiment: str = "${e}", **body: object) -> Case:
    """Makes a logged model with a known name, and keeps its id."""
    known = {"experiment_id": experiment, "name": variable}
    return saving(post(PATH, {**known, **body}), **{variable: "model.info.model_id"})


def read_model(variable: str = "model", **query: object) -> Case:
    return get(f"{PATH}/${{{variable}}}", **query)


CREATING = [
    created("logged-models-create", "e"),
    new_run(),
    new_model(
        model_type="agent",
        source_run_id="${run}",
        params=[{"key": "a", "value": "1"}, {"key": "b", "value": ""}],
        tags=[{"key": "t", "value": "v"}, {"key": "u", "value": ""}],
    ),
    read_model(),
    *posts(
        PATH,
        {},
        {"name": ""},
        {"name": "n" * 256},
        {"name": "a/b"},
        {"name": "a:b"},
        {"name": "a.b"},
        {"name": "a%b"},
        {"name": 'a"b'},
        {"name": "a'b"},
        {"name": " "},
        {"name": "é☃"},
        {"name": "m", "model_type": ""},
        {"name": "m", "source_run_id": "nope"},
        {"name": "m", "params": [{"key": "k" * 250, "value": "v" * 6000}]},
        {"name": "m", "params": [{"key": "k" * 251, "value": "v"}]},
        {"name": "m", "params": [{"key": "a?", "value": "v"}]},
        {"name": "m", "params": [{"key": "", "value": "v"}]},
        {"name": "m", "params": [{"value": "v"}]},
        {"name": "m", "params": [{"key": "bare"}]},
        {"name": "m", "params": [{"key": "a", "value": "1"}, {"key": "a", "value": "1"}]},
        {"name": "m", "tags": [{"key": "k" * 251, "value": "v"}]},
        {"name": "m", "tags": [{"key": "a?", "value": "v"}]},
        {"name": "m", "tags": [{"key": "k", "value": "v" * 8001}]},
        {"name": "m", "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
        {"name": "m", "tags": [{"key": "bare"}]},
        {"name": 5},
        {"name": "m", "params": "x"},
        {"name": "m", "tags": "x"},
        {"name": "m", "modelType": "camel"},
        {"name": "m", "model_type": "a", "modelType": "b"},
        {"name": "m", "nonsense": 1},
        experiment_id="${e}",
    ),
    *posts(
        PATH,
        {},
        {"experiment_id": ""},
        {"experiment_id": "99999"},
        {"experiment_id": "x"},
        {"experiment_id": 5},
        {"experimentId": "${e}"},
        name="m",
    ),
]

FINALIZING = [
    created("logged-models-finalize", "e"),
    new_model(),
    read_model(),
    *(
        patch(f"{PATH}/${{model}}", {"model_id": "${model}", **body})
        for body in (
            {"status": "LOGGED_MODEL_READY"},
            {"status": 3},
            {"status": "LOGGED_MODEL_UPLOAD_FAILED"},
            {"status": "2"},
            {"status": 99},
            {"status": "BOGUS"},
            {"status": None},
            {"status": ""},
            {},
            {"status": 1},
            {"status": 0},
            {"status": "LOGGED_MODEL_STATUS_UNSPECIFIED"},
        )
    ),
    patch(f"{PATH}/${{model}}", {"status": "LOGGED_MODEL_READY"}),
    patch(f"{PATH}/${{model}}", {"model_id": "m-other", "status": 2}),
    patch(f"{PATH}/${{model}}"),
    patch(f"{PATH}/m-nope", {"model_id": "m-nope", "status": 2}),
    patch(f"{PATH}/m-nope", {"model_id": "${model}", "status": 2}),
    read_model(),
]

CHANGING = [
    created("logged-models-change", "e"),
    new_model(),
    *(
        patch(f"{PATH}/${{model}}/tags", {"tags": tags})
        for tags in (
            [{"key": "x", "value": "1"}, {"key": "x", "value": "2"}],
            [{"key": "y", "value": "1"}, {"key": "z"}],
            [],
            [{"key": "k" * 251, "value": "1"}],
            [{"key": "k", "value": "v" * 8001}],
            [{"key": "a?", "value": "1"}],
            [{"key": "", "value": "1"}],
            [{"value": "1"}],
            "x",
            None,
        )
    ),
    patch(f"{PATH}/${{model}}/tags", {}),
    patch(f"{PATH}/m-nope/tags", {"tags": [{"key": "x", "value": "1"}]}),
    read_model(),
    *(delete(f"{PATH}/${{model}}/tags/{key}") for key in ("x", "x", "nope", "a%20b")),
    delete(f"{PATH}/m-nope/tags/x"),
    *(
        post(f"{PATH}/${{model}}/params", {"model_id": "${model}", "params": params})
        for params in (
            [{"key": "b", "value": "2"}],
            [{"key": "c", "value": "3"}, {"key": "d"}],
            [],
            [{"key": "k" * 251, "value": "1"}],
            [{"key": "a?", "value": "1"}],
            [{"value": "1"}],
            "x",
        )
    ),
    post(f"{PATH}/${{model}}/params", {"params": [{"key": "bare", "value": "2"}]}),
    post(f"{PATH}/${{model}}/params", {"model_id": "${model}"}),
    post(f"{PATH}/m-nope/params", {"model_id": "m-nope", "params": [{"key": "b", "value": "2"}]}),
    read_model(),
]

DELETING = [
    created("logged-models-delete", "e"),
    new_model(),
    delete(f"{PATH}/${{model}}"),
    delete(f"{PATH}/${{model}}"),
    read_model(),
    read_model(allow_deleted="true"),
    read_model(allow_deleted="True"),
    read_model(allow_deleted="false"),
    read_model(allow_deleted="1"),
    read_model(allow_deleted=""),
    patch(f"{PATH}/${{model}}", {"model_id": "${model}", "status": 2}),
    patch(f"{PATH}/${{model}}/tags", {"tags": [{"key": "x", "value": "1"}]}),
    delete(f"{PATH}/${{model}}/tags/x"),
    post(f"{PATH}/search", {"experiment_ids": ["${e}"]}),
    delete(f"{PATH}/m-nope"),
    get(f"{PATH}/m-nope"),
    get(f"{PATH}/"),
    get(PATH),
]

METRICS = [
    created("logged-models-metrics", "e"),
    new_run(),
    new_model(),
    *posts(
        "runs/log-metric",
        {"value": 0.5, "timestamp": 3, "step": 1},
        {"value": 0.7, "timestamp": 4, "step": 2},
        {"value": 0.6, "timestamp": 5, "step": 2, "dataset_name": "d", "dataset_digest": "g"},
        {"key": "other", "value": "Infinity", "timestamp": 1},
        run_id="${run}",
        **{"key": "mm", "model_id": "${model}"},
    ),
    post(
        "runs/log-batch",
        {
            "run_id": "${run}",
            "metrics": [
                {"key": "batch", "value": 1, "timestamp": 1, "model_id": "${model}"},
                {"key": "batch", "value": 2, "timestamp": 2, "model_id": "${model}"},
            ],
        },
    ),
    read_model(),
    read(),
    post("logged-models/search", {"experiment_ids": ["${e}"]}),
]

# At one time and step the reference has room for one point of a logged model, and none for NaN.
MORE_METRICS = [
    created("logged-models-more-metrics", "e"),
    new_run(),
    new_model(),
    *posts(
        "runs/log-metric",
        {"value": 0.7, "timestamp": 4, "step": 2},
        {"value": 0.6, "timestamp": 4, "step": 2},
        {"value": 0.6, "timestamp": 4, "step": 2, "dataset_name": "d", "dataset_digest": "g"},
        run_id="${run}",
        **{"key": "mm", "model_id": "${model}"},
    ),
    new_model("other"),
    post(
        "runs/log-metric",
        {
            "run_id": "${run}",
            "model_id": "${other}",
            "key": "nan",
            "value": "NaN",
            "timestamp": 1,
        },
    ),
    read_model("other"),
]

ARTIFACTS = [
    created("logged-models-artifacts", "e"),
    new_model(),
    *(
        get(f"{PATH}/{model}/artifacts/directories", artifact_directory_path=path)
        for model in ("${model}", "m-nope")
        for path in (None, "a", "../a", "/a")
    ),
    *(
        get(f"/ajax-api/2.0/mlflow/{PATH}/{model}/artifacts/files", artifact_file_path=path)
        for model in ("${model}", "m-nope")
        for path in (None, "a.txt", "../a", "/a", "")
    ),
]

GROUPS = {
    "create": CREATING,
    "finalize": FINALIZING,
    "change": CHANGING,
    "delete": DELETING,
    "metrics": METRICS,
    "more_metrics": MORE_METRICS,
    "artifacts": ARTIFACTS,
}
