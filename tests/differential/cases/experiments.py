"""Experiments: create, get, search, update, delete, restore, tags."""

from differential.case import Case, get, post, posts, saving, tagged

CREATE = "experiments/create"
SEARCH = "experiments/search"
SET_TAG = "experiments/set-experiment-tag"
DELETE_TAG = "experiments/delete-experiment-tag"


def created(name: str, variable: str, **body: object) -> Case:
    """Makes an experiment and keeps its id."""
    return saving(post(CREATE, {"name": name, **body}), **{variable: "experiment_id"})


CREATING = [
    created("create-a", "e", **tagged("a", "b")),
    get("experiments/get", experiment_id="${e}"),
    post(CREATE, {"name": "create-a"}),
    *posts(CREATE, {}, {"name": ""}, {"name": None}, {"name": 5}, {"name": ["a"]}, {"name": {}}),
    *posts(CREATE, {"name": True}, {"name": 1.5}, {"name": "x" * 501}, {"name": "n" * 500}),
    post(CREATE, {"name": " "}),
    post(CREATE, {"name": "crêpe ☃ 🦀"}),
    post(CREATE, {"name": "a/b:c"}),
    *posts(
        CREATE,
        tagged("a?"),
        tagged("k" * 251),
        tagged("k", "b" * 20_001),
        tagged("a/../b"),
        tagged("/a"),
        tagged("."),
        tagged(".."),
        tagged(""),
        {"tags": "x"},
        {"tags": [5]},
        {"tags": [{"value": "b"}]},
        {"tags": {"key": "a", "value": "b"}},
        {"tags": [{"key": f"mlflow.customView.view{i}", "value": "b"} for i in range(51)]},
        name="create-refused",
    ),
    created("create-tags", "e", tags=[{"key": "k" * 250, "value": "v" * 20_000}]),
    get("experiments/get", experiment_id="${e}"),
    created("create-tag-twice", "e", tags=[{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]),
    created("create-tag-bare", "e", tags=[{"key": "k"}]),
    created("create-unknown-field", "e", nonsense=[1, {"a": 2}]),
    get("experiments/get", experiment_id="${e}"),
]

LOCATIONS = [
    created("location-s3", "e", artifact_location="s3://b/p"),
    get("experiments/get", experiment_id="${e}"),
    created("location-slash", "e", artifact_location="s3://b/p/"),
    get("experiments/get", experiment_id="${e}"),
    created("location-query", "e", artifact_location="s3://b/p?x=1"),
    get("experiments/get", experiment_id="${e}"),
    saving(post("runs/create", {"experiment_id": "${e}", "start_time": 1}), run="run.info.run_id"),
    created("location-proxied", "e", artifact_location="mlflow-artifacts:/some/where"),
    get("experiments/get", experiment_id="${e}"),
    created("location-empty", "e", artifact_location=""),
    get("experiments/get", experiment_id="${e}"),
    *posts(
        CREATE,
        *(
            {"artifact_location": location}
            for location in (
                "s3://b/p#f",
                "ftp://h/a",
                "sftp://h/a",
                "hdfs://n/a",
                "viewfs://n/a",
                "http://h/a",
                "https://h/a",
                "http://h/a;p",
                "https://h/a?x=..",
                "mlflow-artifacts://h/a",
                "mlflow-artifacts://h:80/a",
                "r2://h/a",
                "b2://h/a",
                "abfss://c@h/a",
                "runs:/x/y",
                "s3://b/p?x=../a",
                "s3://b/p?x=%2e%2e/a",
                "s3://b/p?x=%252e%252e/a",
                "s3://" + "a" * 2048,
                "file://other/host",
                "dbfs:/a#b",
                "s3:#b",
            )
        ),
        name="location-refused",
    ),
    post(CREATE, {"name": "location-refused", "artifact_location": 5}),
    *(
        created(f"location-{index}", "e", artifact_location=location)
        for index, location in enumerate(
            (
                "gs://b/p",
                "wasbs://c@a/p",
                "dbfs:/a",
                "s3://b/../p",
                "s3://b/a b",
                "s3://b/%20;x",
                "s3://b/p?x=a..b",
            )
        )
    ),
]

READING = [
    created("read", "e", **tagged("a", "b")),
    *(get("experiments/get", experiment_id=value) for value in ("${e}", "0", "999999", "x", "")),
    *(get("experiments/get", experiment_id=value) for value in ("-1", "1.0", " 1", "00", "9" * 30)),
    get("experiments/get"),
    get("experiments/get", experimentId="0"),
    Case("GET", "experiments/get", "experiment_id=0&experiment_id=1"),
    *(get("experiments/get-by-name", experiment_name=name) for name in ("read", "READ", "nope")),
    get("experiments/get-by-name"),
    get("experiments/get-by-name", experiment_name=""),
    get("experiments/get-by-name", experiment_name="Default"),
]

UPDATING = [
    created("update", "e"),
    created("update-other", "other"),
    *posts(
        "experiments/update",
        {"new_name": "updated"},
        {},
        {"new_name": ""},
        {"new_name": None},
        {"new_name": 5},
        {"new_name": "x" * 501},
        {"new_name": "update-other"},
        experiment_id="${e}",
    ),
    get("experiments/get", experiment_id="${e}"),
    *posts(
        "experiments/update",
        {"new_name": "q"},
        {"experiment_id": "99999", "new_name": "q"},
        {"experiment_id": "x", "new_name": "q"},
        {"experiment_id": 5, "new_name": "q"},
        {"experimentId": "${e}", "new_name": "q"},
        {"experiment_id": "${e}", "newName": "camel"},
    ),
    get("experiments/get", experiment_id="${e}"),
]

TAGGING = [
    created("tags", "e"),
    *posts(
        SET_TAG,
        {"key": "k", "value": "v"},
        {"key": "k", "value": "w"},
        {"key": "empty", "value": ""},
        {"key": "k"},
        {"value": "v"},
        {"key": "", "value": "v"},
        {"key": None, "value": "v"},
        {"key": "k", "value": None},
        {"key": 5, "value": "v"},
        {"key": "k", "value": 5},
        {"key": "..", "value": "v"},
        {"key": "/a", "value": "v"},
        {"key": "a//b", "value": "v"},
        {"key": "a?", "value": "v"},
        {"key": "k" * 251, "value": "v"},
        {"key": "long", "value": "v" * 20_000},
        {"key": "longer", "value": "v" * 20_001},
        {"key": "é ü/x.y-z:1", "value": "ok"},
        experiment_id="${e}",
    ),
    get("experiments/get", experiment_id="${e}"),
    *posts(
        SET_TAG,
        {"experiment_id": "99999"},
        {"experiment_id": "x"},
        {},
        {"experiment_id": 5},
        key="k",
        value="v",
    ),
    *posts(
        DELETE_TAG,
        {"key": "k"},
        {"key": "k"},
        {},
        {"key": ""},
        {"key": 5},
        {"key": "a?"},
        experiment_id="${e}",
    ),
    *posts(DELETE_TAG, {"experiment_id": "99999"}, {}, {"experiment_id": "x"}, key="k"),
    get("experiments/get", experiment_id="${e}"),
]

DELETING = [
    created("delete", "e"),
    saving(post("runs/create", {"experiment_id": "${e}", "start_time": 1}), run="run.info.run_id"),
    post("experiments/delete", {"experiment_id": "${e}"}),
    post("experiments/delete", {"experiment_id": "${e}"}),
    get("experiments/get", experiment_id="${e}"),
    get("experiments/get-by-name", experiment_name="delete"),
    get("runs/get", run_id="${run}"),
    post(CREATE, {"name": "delete"}),
    post("experiments/update", {"experiment_id": "${e}", "new_name": "q"}),
    post(SET_TAG, {"experiment_id": "${e}", "key": "k", "value": "v"}),
    post(DELETE_TAG, {"experiment_id": "${e}", "key": "k"}),
    post("runs/create", {"experiment_id": "${e}"}),
    post("logged-models", {"experiment_id": "${e}"}),
    post("runs/search", {"experiment_ids": ["${e}"]}),
    post("runs/search", {"experiment_ids": ["${e}"], "run_view_type": "ALL"}),
    post(SEARCH, {"max_results": 5, "filter": "name = 'delete'"}),
    post(SEARCH, {"max_results": 5, "filter": "name = 'delete'", "view_type": "DELETED_ONLY"}),
    post(SEARCH, {"max_results": 5, "filter": "name = 'delete'", "view_type": "ALL"}),
    post("experiments/restore", {"experiment_id": "${e}"}),
    post("experiments/restore", {"experiment_id": "${e}"}),
    get("experiments/get", experiment_id="${e}"),
    get("runs/get", run_id="${run}"),
    *(
        post(f"experiments/{verb}", body)
        for verb in ("delete", "restore")
        for body in (
            {},
            {"experiment_id": ""},
            {"experiment_id": "99999"},
            {"experiment_id": "x"},
            {"experiment_id": 5},
            {"experiment_id": ["1"]},
        )
    ),
]

GROUPS = {
    "create": CREATING,
    "artifact_location": LOCATIONS,
    "get": READING,
    "update": UPDATING,
    "tags": TAGGING,
    "delete": DELETING,
}
