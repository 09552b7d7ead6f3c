"""Workspaces: create, get, list, update, delete, and what they keep apart."""

from dataclasses import replace

from differential.case import Case, delete, get, patch, post, put, saving

SERVER_ARGUMENTS = ("--enable-workspaces",)
ALL = "/api/3.0/mlflow/workspaces"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
NEWEST = {"max_results": 1}


def one(name: str) -> str:
    return f"{ALL}/{name}"


def created(name: str, **fields: object) -> Case:
    return post(ALL, {"name": name, **fields})


def refused(*bodies: dict) -> list[Case]:
    return [created("refused", **body) for body in bodies]


def archived(**config: object) -> dict:
    return {"trace_archival_config": config}


def within(workspace: str, *cases: Case) -> list[Case]:
    header = {"X-MLFLOW-WORKSPACE": workspace}
    return [replace(case, headers={**case.headers, **header}) for case in cases]


def experiment(name: str) -> Case:
    """Makes an experiment. All have one variable: each server has its own numbers."""
    return saving(post("experiments/create", {"name": name}), e="experiment_id")


CREATING = [
    created("create-a"),
    created("create-a"),
    created("create-b", description="d", default_artifact_root="s3://b/x/"),
    created("create-c", description="", default_artifact_root=" ", **archived(location="")),
    created("create-d", **archived(location="file:///t", retention=" 30d ")),
    created("create-e", **archived()),
    created("create-f", trace_archival_config=None),
    created("create-g", default_artifact_root=" /data/x "),
    created("create-h", default_artifact_root="mlflow-artifacts:/x", nonsense=[1]),
    *(get(one(f"create-{name}")) for name in "abcdefgh"),
    created("create-" + "x" * 56),
    post(ALL, {}),
    post(ALL, "null"),
    post(ALL, "{"),
    *(created(name) for name in ["", None, 5, ["a"], "x", "A-b", "a_b", "-a", "a-", "ä-b"]),
    *(created(name) for name in ["x" * 64, "workspaces", "api", "ajax-api", "static-files"]),
    created("default"),
    post(ALL, {"name": "typed"}, headers={"content-type": "text/plain"}),
]

REFUSING = [
    *refused({"description": 5}, {"default_artifact_root": 5}, {"trace_archival_config": "x"}),
    *refused({"trace_archival_config": [1]}, archived(retention=5), {"description": None}),
    *refused(
        *({"default_artifact_root": root} for root in ["rel/x", "C:x", "runs:/x", "s3://b#f"])
    ),
    *refused(*({"default_artifact_root": f"s3://b/{'x' * n}"} for n in [2042, 2100])),
    *refused({"default_artifact_root": "s3://b?x=%2e%2e"}, {"default_artifact_root": "ftp://h/x"}),
    *refused(*(archived(location=place) for place in ["/abs", "mlflow-artifacts:/x", "runs:/x"])),
    *refused(archived(location="s3://b#f"), archived(location="https://h/x")),
    *refused(
        *(archived(retention=text) for text in ["3w", "0d", "007d", "3D", "d", "3", "1" * 33])
    ),
    get(one("nobody")),
    get(one("Refused")),
    get(one("r")),
    get(f"/ajax-api/3.0/mlflow/workspaces/{'x' * 64}"),
]

UPDATING = [
    created("update-a", description="d", **archived(location="file:///t", retention="1h")),
    patch(one("update-a"), {}),
    patch(one("update-a"), archived()),
    patch(one("update-a"), {"description": "e"}),
    patch(one("update-a"), {"description": "", "default_artifact_root": "s3://b"}),
    patch(one("update-a"), {"default_artifact_root": " "}),
    patch(one("update-a"), archived(location="")),
    patch(one("update-a"), archived(location=" ", retention="2d")),
    patch(one("update-a"), {"workspace_name": "other", "description": "f"}),
    patch(one("update-a"), {"description": 5}),
    patch(one("update-a"), {"description": None}),
    patch(one("update-a"), {"default_artifact_root": "rel"}),
    patch(one("update-a"), archived(retention="x")),
    patch(
        one("update-a"),
        {**archived(retention="1d"), "traceArchivalConfig": {"retention": "2d"}},
    ),
    patch(one("update-nobody"), {"description": "x"}),
    patch(one("Update"), {"description": "x"}),
    get(one("update-a")),
    patch(one("default"), {"description": "told"}),
    get(one("default")),
    replace(patch(one("update-a"), {"description": "g"}), headers={"content-type": None}),
    created("update-b"),
    patch(one("update-b"), {"defaultArtifactRoot": "s3://camel"}),
]

LISTING = [
    created("list-b", description="b"),
    created("list-a"),
    saving(get(ALL), first="workspaces.0.name"),
]

CHOOSING = [
    created("choose-a"),
    *within("choose-nobody", get("experiments/search", **NEWEST), get(ALL)),
    *within("choose-nobody", post("experiments/create", {})),
    *within("choose-nobody", get("runs/get", run_id="x"), get(FILES), delete(f"{FILES}/a")),
    *within("Bad Name", get("experiments/search", **NEWEST)),
    *within("x", get("experiments/search", **NEWEST)),
    *within("api", get("experiments/search", **NEWEST)),
    *within(" choose-a ", experiment("choosing"), get("experiments/get", experiment_id="${e}")),
    *within("  ", get("experiments/get-by-name", experiment_name="choosing")),
    *within("default", get("experiments/get-by-name", experiment_name="Default")),
    *within("choose-a", get("experiments/get-by-name", experiment_name="choosing")),
    *within("choose-a", post("experiments/create", {"name": "x", "artifact_location": "s3://x"})),
    post("experiments/create", {"name": "x", "artifact_location": "s3://x"}),
]

KEEPING_APART = [
    created("apart-a"),
    created("apart-b", default_artifact_root="s3://apart/root?q=1"),
    *within(
        "apart-a",
        experiment("apart"),
        saving(
            post("runs/create", {"experiment_id": "${e}", "start_time": 1}), run="run.info.run_id"
        ),
        post("runs/log-metric", {"run_id": "${run}", "key": "m", "value": 1, "timestamp": 1}),
        post("registered-models/create", {"name": "apart"}),
        post("model-versions/create", {"name": "apart", "source": "s3://b/x"}),
        saving(
            post("logged-models", {"experiment_id": "${e}", "name": "lm"}),
            model="model.info.model_id",
        ),
        get("runs/get", run_id="${run}"),
        get("registered-models/get", name="apart"),
        get("artifacts/list", run_id="${run}"),
    ),
    *within(
        "apart-b",
        experiment("apart"),
        get("experiments/get-by-name", experiment_name="apart"),
        saving(
            post("runs/create", {"experiment_id": "${e}", "start_time": 1}), run2="run.info.run_id"
        ),
        get("runs/get", run_id="${run}"),
        post("runs/update", {"run_id": "${run}", "status": "FAILED"}),
        post("runs/delete", {"run_id": "${run}"}),
        post("runs/log-metric", {"run_id": "${run}", "key": "m", "value": 1, "timestamp": 1}),
        post("runs/log-parameter", {"run_id": "${run}", "key": "m", "value": "1"}),
        post("runs/set-tag", {"run_id": "${run}", "key": "m", "value": "1"}),
        post("runs/log-batch", {"run_id": "${run}", "params": [{"key": "p", "value": "1"}]}),
        get("metrics/get-history", run_id="${run}", metric_key="m"),
        get("logged-models/${model}"),
        get("registered-models/get", name="apart"),
        get("model-versions/get", name="apart", version="1"),
        get("model-versions/search", filter="name='apart'"),
        get("artifacts/list", run_id="${run}"),
        get("/get-artifact", run_id="${run}", path="a"),
    ),
    get("runs/get", run_id="${run}"),
    get("registered-models/get", name="apart"),
]

FILING = [
    created("file-a"),
    created("file-b"),
    *within("file-a", put(f"{FILES}/a.txt", b"a"), put(f"{FILES}/workspaces/file-a/b.txt", b"b")),
    *within("file-a", get(FILES), get(FILES, path="workspaces/file-a"), get(f"{FILES}/a.txt")),
    *within("file-a", get(f"{FILES}/workspaces/file-a/a.txt")),
    *within("file-a", get(FILES, path="workspaces"), get(FILES, path="workspaces/")),
    *within("file-a", put(f"{FILES}/workspaces", b"x")),
    *within("file-b", get(FILES), get(f"{FILES}/a.txt")),
    *(
        case
        for stranger in ("file-b", "default")
        for case in within(
            stranger,
            get(f"{FILES}/workspaces/file-a/a.txt"),
            put(f"{FILES}/workspaces/file-a/a.txt", b"stolen"),
            delete(f"{FILES}/workspaces/file-a/a.txt"),
            get(FILES, path="workspaces/file-a"),
        )
    ),
    put(f"{FILES}/plain.txt", b"x"),
    put(f"{FILES}/workspaces/default/own.txt", b"x"),
    get(f"{FILES}/workspaces/default/own.txt"),
    get(f"{FILES}/own.txt"),
    *within("file-b", get(f"{FILES}/plain.txt")),
    *within("file-a", delete(f"{FILES}/a.txt"), get(FILES)),
]

DELETING = [
    created("delete-a"),
    delete(one("delete-a") + "?mode=bad"),
    delete(one("delete-a") + "?mode="),
    delete(one("delete-a") + "?mode=restrict"),
    delete(one("default")),
    delete(one("default") + "?mode=CASCADE"),
    delete(one("delete-nobody")),
    delete(one("X")),
    delete(one("delete-a")),
    get(one("delete-a")),
    created("delete-a"),
    post("registered-models/create", {"name": "delete"}),
    experiment("delete"),
    *within(
        "delete-a",
        experiment("delete"),
        experiment("delete-too"),
        post("registered-models/create", {"name": "delete"}),
    ),
    delete(one("delete-a")),
    delete(one("delete-a") + "?mode=SET_DEFAULT"),
    *within("delete-a", delete("registered-models/delete", {"name": "delete"})),
    delete(one("delete-a")),
    delete(one("delete-a") + "?mode=CASCADE"),
    get(one("delete-a")),
    created("delete-a"),
    *within("delete-a", get("experiments/get-by-name", experiment_name="delete")),
    *within(
        "delete-a", experiment("delete-moved"), post("registered-models/create", {"name": "r"})
    ),
    delete(one("delete-a") + "?mode=SET_DEFAULT"),
    get("registered-models/get", name="r"),
    *within("delete-a", get("experiments/search", **NEWEST)),
]

GROUPS = {
    # First, as it shows what all others make.
    "list": LISTING,
    "create": CREATING,
    "refuse": REFUSING,
    "update": UPDATING,
    "choose": CHOOSING,
    "keep_apart": KEEPING_APART,
    "files": FILING,
    "delete": DELETING,
}
