"""Model versions: create with the rules of sources, get, update, stages, tags, delete."""

from differential.case import Case, delete, get, patch, post, posts, tagged
from differential.cases.experiments import created
from differential.cases.logged_models import new_model, read_model
from differential.cases.registered_models import KEYS, model
from differential.cases.registered_models import read as read_registered
from differential.cases.runs import new_run

PATH = "model-versions"
CREATE = f"{PATH}/create"
PROMPT = tagged("mlflow.prompt.is_prompt", "true")


def version(name: str, **body: object) -> Case:
    return post(CREATE, {"name": name, "source": "s3://b/p", **body})


def read(name: str, number: object = 1) -> Case:
    return get(f"{PATH}/get", name=name, version=number)


CREATING = [
    created("versions-create", "e"),
    new_run(),
    model("mv"),
    version("mv"),
    version("mv", run_id="${run}", description="x", run_link="http://l", **tagged("a", "b")),
    version("mv", description="", run_link="", run_id=""),
    version("mv", run_id="no-such-run"),
    version("mv", **{"tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}),
    version("mv", user_id="u", nonsense=1),
    *(read("mv", number) for number in range(1, 8)),
    *posts(CREATE, {}, {"name": ""}, {"name": "nope"}, {"name": 5}, {"name": "a/b"}, source="s3://b/p"),
    *posts(
        CREATE,
        {},
        {"source": ""},
        {"source": None},
        {"source": 5},
        *({"source": "s3://b/p", **tagged(key)} for key in KEYS if key is not None),
        {"source": "s3://b/p", **tagged("k", "v" * 100_001)},
        {"source": "s3://b/p", "tags": "x"},
        {"source": "s3://b/p", "run_id": 5},
        {"source": "s3://b/p", "description": 5},
        name="mv",
    ),
    read_registered("mv"),
]  # fmt: skip

SOURCES = [
    created("versions-sources", "e"),
    new_run(),
    new_run("other"),
    new_model("model"),
    new_model("from_run", source_run_id="${run}"),
    model("src"),
    version("src"),
    version("src", run_id="${run}"),
    model("src-prompt", **PROMPT),
    *posts(
        CREATE,
        *(
            {"source": source}
            for source in (
                # Any store that is no host.
                "s3://b/p/", "gs://b/p", "dbfs:/a", "wasbs://c@a/p", "weird", "weird:x",
                "s3://b/a b",
                "s3://b", "s3://b/", "s3:b",
                # Hosts.
                "ftp://h/x", "sftp://h/x", "http://h/x", "https://h/x", "hdfs://h/x",
                "abfss://c@h/x", "mlflow-artifacts://h/x", "b2://h/x",
                # Files.
                "/etc/passwd", "file:///etc", "file:/etc", "file://localhost/etc", "file://h/etc",
                "../a", "a/../b", ".", "a", "file:a", "C:\\x", "\\\\h\\x",
                # Relative segments, encoded or not.
                "s3://b/../p", "s3://b/%2e%2e/p", "s3://b/%252e%252e/p", "s3://b/%25252e%25252e/p",
                "s3://b/./p", "s3://b//p", "s3://b/a..b", "s3://b/p/..", "s3://b/p?x=..",
                "s3://b/a%00", "s3://b/a#f", "s3://b/a;p", "dbfs:/../a", "gs://b/..%2fp",
                "s3://b\\..\\p",
                # Runs.
                "runs:/${run}/model", "runs:/${run}", "runs:/", "runs:/${run}/../x",
                "runs://h/${run}/m",
                # Models.
                "models:/", "models:/src", "models:/src/1", "models:/src/2", "models:/src/999",
                "models:/src/x", "models:/nope/1", "models:/src@nope", "models:/src@",
                "models:/a/b/c",
                "models://x/a/1", "models:/src/latest", "models:/src/None",
                "models:/src/Production",
                "models:/src-prompt/1", "models:/${model}", "models:/m-nope",
                "models:/src/1/",
                # The server's own files.
                "mlflow-artifacts:/x", "mlflow-artifacts:/${e}/${run}/artifacts/m",
                "mlflow-artifacts:",
                "mlflow-artifacts:/../x", "mlflow-artifacts:///x",
                "http://localhost/api/2.0/mlflow-artifacts/artifacts/x",
            )
        ),
        name="src",
    ),
    *posts(
        CREATE,
        {"source": "runs:/${run}/model"},
        {"source": "runs:/${other}/model"},
        {"source": "runs:/${run}"},
        {"source": "models:/src/1"},
        {"source": "models:/src/2"},
        {"source": "models:/${model}"},
        {"source": "mlflow-artifacts:/${e}/${run}/artifacts/m"},
        {"source": "mlflow-artifacts:/${e}/${run}/artifacts"},
        {"source": "mlflow-artifacts:/${e}/${run}/artifacts/"},
        {"source": "mlflow-artifacts:/${e}/${run}/artifactsX"},
        {"source": "mlflow-artifacts:/${e}/${run}"},
        {"source": "mlflow-artifacts:/${e}/${other}/artifacts/m"},
        {"source": "mlflow-artifacts:/${e}/${run}/artifacts/../m"},
        {"source": "mlflow-artifacts:/${e}/${run}/artifacts/%2e%2e/m"},
        {"source": "mlflow-artifacts://h/${e}/${run}/artifacts/m"},
        {"source": "/etc"},
        {"source": "file:///etc"},
        {"source": "s3://elsewhere/x"},
        name="src",
        run_id="${run}",
    ),
    *posts(
        CREATE,
        {"source": "runs:/nope/model"},
        {"source": "mlflow-artifacts:/x"},
        {"source": "/etc"},
        name="src",
        run_id="nope",
    ),
    *posts(
        CREATE,
        {"source": "models:/${model}"},
        {"source": "models:/m-other"},
        {"source": "models:/src/1"},
        {"source": "runs:/${run}/model"},
        {"source": "s3://x/y"},
        {"source": "/etc"},
        {"source": "mlflow-artifacts:/x"},
        {"source": "mlflow-artifacts:/${e}/models/${model}/artifacts"},
        {"source": "mlflow-artifacts:/${e}/models/${model}/artifacts/a"},
        {"source": "mlflow-artifacts:/${e}/models/${model}/artifacts/../a"},
        {"source": "mlflow-artifacts:/${e}/models/${model}"},
        name="src",
        model_id="${model}",
    ),
    read_model("model"),
    *posts(
        CREATE,
        {"source": "models:/${from_run}"},
        {"source": "models:/${from_run}", "run_id": "${run}"},
        {"source": "models:/${from_run}", "run_id": "${other}"},
        name="src",
        model_id="${from_run}",
    ),
    *posts(CREATE, {"source": "models:/${model}"}, name="src", model_id="m-nope"),
    *posts(
        CREATE,
        {"source": "dummy-source"},
        {"source": "prompt-template"},
        {"source": "s3://b/x"},
        {"source": "models:/src/1"},
        name="src-prompt",
        **PROMPT,
    ),
    version("src", **PROMPT, source="dummy-source"),
    version("src-prompt", source="dummy-source"),
    *(
        get(f"{PATH}/{operation}", name="src", version=number)
        for number in range(1, 12)
        for operation in ("get", "get-download-uri")
    ),
    get("registered-models/get", name="src"),
]  # fmt: skip

READING = [
    model("mv-get"),
    version("mv-get"),
    *(read("mv-get", number) for number in (1, 999, "x", "", "1.0", "-1", "0", " 1", "01")),
    get(f"{PATH}/get", name="mv-get"),
    get(f"{PATH}/get", version=1),
    get(f"{PATH}/get"),
    read("nope"),
    get(f"{PATH}/get-download-uri", name="mv-get", version=1),
    get(f"{PATH}/get-download-uri", name="mv-get", version=9),
    get(f"{PATH}/get-download-uri", name="mv-get", version="x"),
    get(f"{PATH}/get-download-uri", name="nope", version=1),
    get(f"{PATH}/get-download-uri"),
]

UPDATING = [
    model("mv-update"),
    version("mv-update", description="d"),
    *(
        patch(f"{PATH}/update", {"name": "mv-update", "version": "1", **body})
        for body in (
            {"description": "new"},
            {},
            {"description": ""},
            {"description": None},
            {"description": 5},
            {"version": 1, "description": "by number"},
            {"version": "9"},
            {"version": "x"},
            {"version": ""},
            {"version": None},
            {"name": "nope"},
            {"name": ""},
        )
    ),
    read("mv-update"),
    patch(f"{PATH}/update", {}),
    *posts(
        f"{PATH}/set-tag",
        {"key": "t", "value": "1"},
        {"key": "t", "value": "2"},
        {"key": "bare"},
        {"key": "t", "value": 5},
        {"value": "1"},
        {"key": "long", "value": "v" * 100_001},
        *({"key": key, "value": "v"} for key in KEYS),
        {"key": "k", "value": "v", "version": "9"},
        {"key": "k", "value": "v", "version": "x"},
        {"key": "k", "value": "v", "version": ""},
        {"key": "k", "value": "v", "name": "nope"},
        {"key": "k", "value": "v", "name": ""},
        **{"name": "mv-update", "version": "1"},
    ),
    read("mv-update"),
    *(
        delete(f"{PATH}/delete-tag", {"name": "mv-update", "version": "1", **body})
        for body in (
            {"key": "t"},
            {"key": "t"},
            {"key": ""},
            {},
            {"key": "k", "version": "9"},
            {"key": "k", "version": "x"},
            {"key": "k", "name": "nope"},
        )
    ),
    read("mv-update"),
]

LATEST = "registered-models/get-latest-versions"
STAGE = f"{PATH}/transition-stage"

STAGES = [
    model("mv-stage"),
    version("mv-stage"),
    version("mv-stage"),
    version("mv-stage"),
    *posts(
        STAGE,
        {"stage": "Staging"},
        {"stage": "production", "archive_existing_versions": True},
        {"version": "2", "stage": "Production", "archive_existing_versions": True},
        {"version": "3", "stage": "PRODUCTION", "archive_existing_versions": False},
        {"stage": "bogus"},
        {"stage": "Archived", "archive_existing_versions": True},
        {"stage": "None", "archive_existing_versions": True},
        {"stage": ""},
        {"stage": 5},
        {},
        {"stage": "None", "archive_existing_versions": "x"},
        {"stage": "None", "archive_existing_versions": 1},
        {"stage": "None", "archive_existing_versions": None},
        {"version": "9", "stage": "None"},
        {"version": "x", "stage": "None"},
        {"version": "", "stage": "None"},
        {"name": "nope", "stage": "None"},
        {"name": "", "stage": "None"},
        **{"name": "mv-stage", "version": "1"},
    ),
    read_registered("mv-stage"),
    *(read("mv-stage", number) for number in (1, 2, 3)),
    *posts(
        LATEST,
        {},
        {"stages": ["Production"]},
        {"stages": ["production", "None"]},
        {"stages": ["None", "None"]},
        {"stages": ["bogus"]},
        {"stages": []},
        {"stages": "Production"},
        {"stages": [5]},
        name="mv-stage",
    ),
    *posts(LATEST, {}, {"name": "nope"}, {"name": ""}, {"name": 5}),
    get(LATEST, name="mv-stage"),
    get(LATEST, name="mv-stage", stages=["Production", "None"]),
    get(LATEST, name="mv-stage", stages="bogus"),
    get(LATEST, name="nope"),
    get(LATEST),
]

DELETING = [
    model("mv-delete"),
    version("mv-delete", **tagged("a", "b")),
    version("mv-delete"),
    post("registered-models/alias", {"name": "mv-delete", "alias": "a", "version": "2"}),
    delete(f"{PATH}/delete", {"name": "mv-delete", "version": "2"}),
    delete(f"{PATH}/delete", {"name": "mv-delete", "version": "2"}),
    *(
        delete(f"{PATH}/delete", body)
        for body in (
            {"name": "mv-delete"},
            {"name": "mv-delete", "version": "x"},
            {"name": "mv-delete", "version": "9"},
            {"name": "nope", "version": "1"},
            {"version": "1"},
            {},
        )
    ),
    read("mv-delete", 2),
    get(f"{PATH}/get-download-uri", name="mv-delete", version=2),
    get("registered-models/alias", name="mv-delete", alias="a"),
    patch(f"{PATH}/update", {"name": "mv-delete", "version": "2", "description": "x"}),
    post(f"{PATH}/set-tag", {"name": "mv-delete", "version": "2", "key": "k", "value": "v"}),
    post(STAGE, {"name": "mv-delete", "version": "2", "stage": "Staging"}),
    post("registered-models/alias", {"name": "mv-delete", "alias": "b", "version": "2"}),
    version("mv-delete", source="models:/mv-delete/2"),
    version("mv-delete"),
    read_registered("mv-delete"),
    get(f"{PATH}/search", filter="name = 'mv-delete'"),
]

GROUPS = {
    "create": CREATING,
    "sources": SOURCES,
    "get": READING,
    "update": UPDATING,
    "stages": STAGES,
    "delete": DELETING,
}
