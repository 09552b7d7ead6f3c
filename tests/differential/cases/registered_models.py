"""Registered models: create, get, update, rename, delete, tags."""

from differential.case import Case, delete, get, patch, post, posts, tagged

PATH = "registered-models"
CREATE = f"{PATH}/create"

NAMES = (
    "",
    "  ",
    None,
    5,
    "a/b",
    "a:b",
    ".",
    "..",
    "./a",
    "../a",
    "a//b",
    "n" * 257,
    "..a",
    "it's a/b",
)
KEYS = ("", None, 5, "a?", "k" * 250, "k" * 251, ".", "..", "/a", "a//b", "é", "a/b.c-d e:f_g")


def model(name: str, **body: object) -> Case:
    return post(CREATE, {"name": name, **body})


def read(name: str) -> Case:
    return get(f"{PATH}/get", name=name)


CREATING = [
    model("rm", description="d", tags=[{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]),
    read("rm"),
    model("rm"),
    model("RM"),
    *posts(CREATE, {}, *({"name": name} for name in NAMES)),
    *posts(
        CREATE,
        *(tagged(key) for key in KEYS if key is not None),
        tagged("k", "v" * 100_001),
        tagged("mlflow.prompt.text", "v" * 100_001),
        {"tags": "x"},
        {"tags": [{"value": "v"}]},
        {"tags": [5]},
        {"description": 5},
        name="rm-odd",
    ),
    model("rm-plain"),
    read("rm-plain"),
    model("rm-empty", description="", tags=[]),
    read("rm-empty"),
    model("rm-bare", tags=[{"key": "k"}]),
    read("rm-bare"),
    model("rm-long", description="d" * 5001),
    model("rm é ☃ ..", tags=tagged("k", "v" * 100_000)["tags"]),
    read("rm é ☃ .."),
    model("rm-job", deployment_job_id="7"),
    read("rm-job"),
]

READING = [
    *(read(name) for name in ("nope", "", " ", "a/b", "n" * 300)),
    get(f"{PATH}/get"),
]

UPDATING = [
    model("rm-update", description="d"),
    *(
        patch(f"{PATH}/update", {"name": "rm-update", **body})
        for body in (
            {"description": "new"},
            {},
            {"description": ""},
            {"description": None},
            {"description": 5},
            {"description": "again", "deployment_job_id": "9"},
        )
    ),
    read("rm-update"),
    patch(f"{PATH}/update", {"name": "rm-update"}),
    read("rm-update"),
    *(
        patch(f"{PATH}/update", {"description": "x", **body})
        for body in ({}, {"name": ""}, {"name": "nope"}, {"name": 5}, {"name": "a/b"})
    ),
    post(f"{PATH}/update", {"name": "rm-update", "description": "x"}),
    model("rm-taken"),
    *posts(
        f"{PATH}/rename",
        {"new_name": "rm-taken"},
        {"new_name": "rm-update"},
        {"new_name": "rm-renamed"},
        {"new_name": "x"},
        name="rm-update",
    ),
    *posts(
        f"{PATH}/rename",
        *({"new_name": name} for name in NAMES),
        {},
        {"newName": "camel"},
        name="rm-renamed",
    ),
    *posts(f"{PATH}/rename", {}, {"name": ""}, {"name": "nope"}, {"name": 5}, new_name="rm-new"),
    read("rm-renamed"),
    read("rm-update"),
]

TAGGING = [
    model("rm-tags"),
    *posts(
        f"{PATH}/set-tag",
        {"key": "t", "value": "1"},
        {"key": "t", "value": "2"},
        {"key": "bare"},
        {"key": "empty", "value": ""},
        {"key": "t", "value": 5},
        {"key": "t", "value": None},
        {"value": "1"},
        {"key": "long", "value": "v" * 100_001},
        *({"key": key, "value": "v"} for key in KEYS),
        name="rm-tags",
    ),
    *posts(f"{PATH}/set-tag", {}, {"name": "nope"}, {"name": ""}, {"name": 5}, key="k", value="v"),
    read("rm-tags"),
    *(
        delete(f"{PATH}/delete-tag", {"name": "rm-tags", **body})
        for body in ({"key": "t"}, {"key": "t"}, {"key": "a?"}, {"key": ""}, {}, {"key": 5})
    ),
    *(
        delete(f"{PATH}/delete-tag", {"key": "k", **body})
        for body in ({}, {"name": "nope"}, {"name": ""}, {"name": 5})
    ),
    delete(f"{PATH}/delete-tag?name=rm-tags&key=empty"),
    read("rm-tags"),
]

DELETING = [
    model("rm-delete"),
    post("model-versions/create", {"name": "rm-delete", "source": "s3://b/p"}),
    post(f"{PATH}/alias", {"name": "rm-delete", "alias": "a", "version": "1"}),
    delete(f"{PATH}/delete", {"name": "rm-delete"}),
    delete(f"{PATH}/delete", {"name": "rm-delete"}),
    *(delete(f"{PATH}/delete", body) for body in ({}, {"name": ""}, {"name": 5}, {"name": "a/b"})),
    delete(f"{PATH}/delete"),
    read("rm-delete"),
    get("model-versions/get", name="rm-delete", version=1),
    get(f"{PATH}/alias", name="rm-delete", alias="a"),
    model("rm-delete"),
    post("model-versions/create", {"name": "rm-delete", "source": "s3://b/p"}),
    read("rm-delete"),
]

GROUPS = {
    "create": CREATING,
    "get": READING,
    "update": UPDATING,
    "tags": TAGGING,
    "delete": DELETING,
}
