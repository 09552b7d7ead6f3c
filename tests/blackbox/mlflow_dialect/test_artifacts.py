"""Artifacts through the stock client: everything goes to and comes from the server."""

import io
import os
from pathlib import Path

import mlflow
import numpy
import pytest
from mlflow.exceptions import MlflowException


@pytest.fixture
def active_run(experiment):
    with mlflow.start_run() as run:
        yield run


def download(run, path: str) -> str:
    return mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/{path}")


def test_log_artifact_and_download(active_run, tmp_path):
    source = tmp_path / "notes.txt"
    source.write_bytes(b"line\r\n\x00\xff")
    mlflow.log_artifact(str(source))
    mlflow.log_artifact(str(source), artifact_path="deep/er")
    for path in ("notes.txt", "deep/er/notes.txt"):
        with open(download(active_run, path), "rb") as downloaded:
            assert downloaded.read() == b"line\r\n\x00\xff"


def test_log_artifacts_keeps_the_tree(client, active_run, tmp_path):
    files = {"a.txt": b"a", "sub/b.bin": b"\x00" * 1000, "sub/deep/c": b"", "ünï côde.txt": b"u"}
    for name, content in files.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_bytes(content)
    mlflow.log_artifacts(str(tmp_path / "tree"), artifact_path="tree")

    top = client.list_artifacts(active_run.info.run_id, "tree")
    assert [(found.path, found.is_dir) for found in top] == [
        ("tree/a.txt", False),
        ("tree/sub", True),
        ("tree/ünï côde.txt", False),
    ]
    sub = {found.path: found for found in client.list_artifacts(active_run.info.run_id, "tree/sub")}
    assert sub["tree/sub/b.bin"].file_size == 1000
    assert sub["tree/sub/deep"].is_dir

    directory = download(active_run, "tree")
    for name, content in files.items():
        with open(os.path.join(directory, name), "rb") as downloaded:
            assert downloaded.read() == content


def test_list_artifacts_from_the_root(client, active_run):
    assert client.list_artifacts(active_run.info.run_id) == []
    mlflow.log_text("x", "dir/file.txt")
    mlflow.log_text("xy", "file.txt")
    found = client.list_artifacts(active_run.info.run_id)
    assert [(item.path, item.is_dir, item.file_size) for item in found] == [
        ("dir", True, None),
        ("file.txt", False, 2),
    ]
    assert client.list_artifacts(active_run.info.run_id, "nothing/here") == []


def test_log_text_and_load_text(active_run):
    mlflow.log_text("<b>grüße</b>", "page.html")
    uri = f"runs:/{active_run.info.run_id}/page.html"
    assert mlflow.artifacts.load_text(uri) == "<b>grüße</b>"


def test_log_dict_and_load_dict(active_run):
    values = {"layers": [1, 2, 3], "name": "ü", "nested": {"rate": 0.1, "none": None}}
    mlflow.log_dict(values, "config/model.json")
    mlflow.log_dict({"a": 1}, "config/model.yaml")
    root = f"runs:/{active_run.info.run_id}/config"
    assert mlflow.artifacts.load_dict(f"{root}/model.json") == values
    with open(download(active_run, "config/model.yaml")) as downloaded:
        assert downloaded.read().strip() == "a: 1"


def test_log_figure(active_run):
    from matplotlib import pyplot

    figure, axes = pyplot.subplots()
    axes.plot([0, 1], [1, 0])
    mlflow.log_figure(figure, "plots/loss.png")
    pyplot.close(figure)
    with open(download(active_run, "plots/loss.png"), "rb") as downloaded:
        assert downloaded.read(8) == b"\x89PNG\r\n\x1a\n"


def test_a_file_is_replaced_whole(active_run):
    mlflow.log_text("a much longer first text", "file.txt")
    mlflow.log_text("short", "file.txt")
    assert mlflow.artifacts.load_text(f"runs:/{active_run.info.run_id}/file.txt") == "short"


def test_a_missing_artifact_is_an_error(active_run):
    with pytest.raises(MlflowException):
        download(active_run, "nothing.txt")


def test_raw_listing_has_mlflow_s_shape(api, active_run):
    mlflow.log_text("abc", "dir/file.txt")
    query = {"run_id": active_run.info.run_id, "path": "dir"}
    answer = api.get("artifacts/list", params=query)
    assert answer.status_code == 200
    assert answer.json() == {
        "root_uri": active_run.info.artifact_uri,
        "files": [{"path": "dir/file.txt", "is_dir": False, "file_size": 3}],
    }


def test_downloads_are_attachments_that_no_browser_runs(tracking_uri, active_run, api):
    mlflow.log_text("<script>", "page.html")
    path = active_run.info.artifact_uri.removeprefix("mlflow-artifacts:/") + "/page.html"
    address = f"{tracking_uri}/api/2.0/mlflow-artifacts/artifacts/{path}"
    answer = api.session.get(address, timeout=30)
    assert answer.status_code == 200
    assert answer.content == b"<script>"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["%2e%2e/%2e%2e/secret", "a/..%2f..%2fsecret", "%252e%252e/x"])
def test_a_path_that_climbs_out_is_refused(tracking_uri, api, path):
    address = f"{tracking_uri}/api/2.0/mlflow-artifacts/artifacts/{path}"
    for method in ("GET", "PUT", "DELETE"):
        answer = api.session.request(method, address, data=b"x", timeout=30)
        assert answer.status_code in (400, 404), (method, answer.status_code)


@pytest.mark.parametrize(
    ("operation", "body", "status", "message"),
    [
        ("upload", {}, 400, "path"),
        ("upload", {"path": "a"}, 400, "Exactly one of run_id and model_id"),
        ("upload", {"path": "..", "run_id": "x", "model_id": "m-x"}, 400, "Exactly one"),
        ("upload", {"path": "..", "run_id": "x"}, 400, "Invalid path"),
        ("upload", {"path": "a", "run_id": "x"}, 404, "x"),
        ("upload", {"path": "a", "model_id": "m-x"}, 404, "m-x"),
        ("upload", {"path": "a", "run_id": "RUN"}, 400, "proxied artifact storage"),
        ("download", {"path": "a"}, 400, "run_id"),
        ("download", {"run_id": "RUN"}, 400, "path"),
        ("download", {"path": "%2e%2e", "run_id": "RUN", "expiration": 0}, 400, "Invalid path"),
        ("download", {"path": "a", "run_id": "x", "expiration": 0}, 400, "1 and 604800"),
        ("download", {"path": "a", "run_id": "x", "expiration": 604801}, 400, "1 and 604800"),
        ("download", {"path": "a", "run_id": "x", "expiration": 604800}, 404, "x"),
        ("download", {"path": "a", "run_id": "RUN"}, 400, "proxied artifact storage"),
    ],
)
def test_signed_urls_need_an_object_store(api, active_run, operation, body, status, message):
    if body.get("run_id") == "RUN":
        body = {**body, "run_id": active_run.info.run_id}
    answer = api.post(f"artifacts/presigned-{operation}-url", body)
    assert (answer.status_code, message in answer.json()["message"]) == (status, True), answer.text


def test_an_artifact_has_no_signed_url(tracking_uri, api):
    for path, status, code in [
        ("a/b", 501, "NOT_IMPLEMENTED"),
        ("%2e%2e/a", 400, "INVALID_PARAMETER_VALUE"),
    ]:
        address = f"{tracking_uri}/api/2.0/mlflow-artifacts/presigned/{path}"
        answer = api.session.get(address, timeout=30)
        assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_delete_a_runs_artifacts(active_run):
    from mlflow.artifacts import list_artifacts
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    mlflow.log_text("x", "dir/a.txt")
    mlflow.log_text("x", "dir/b.txt")
    repository = get_artifact_repository(active_run.info.artifact_uri)
    repository.delete_artifacts("dir/a.txt")
    found = list_artifacts(run_id=active_run.info.run_id, artifact_path="dir")
    assert [item.path for item in found] == ["dir/b.txt"]


def test_log_and_load_tables(client, experiment):
    rows = {"input": ["a", "b"], "score": [0.5, 1.0]}
    with mlflow.start_run() as run:
        mlflow.log_table(rows, "answers.json")
        mlflow.log_table({"input": ["c"], "score": [0.0]}, "answers.json")
    table = mlflow.load_table("answers.json", [run.info.run_id], ["run_id"])
    assert table["input"].tolist() == ["a", "b", "c"]
    assert set(table["run_id"]) == {run.info.run_id}


def test_log_and_load_images(client, experiment):
    pixels = numpy.arange(48, dtype=numpy.uint8).reshape(4, 4, 3)
    with mlflow.start_run() as run:
        mlflow.log_image(pixels, "picture.png")
        mlflow.log_image(pixels, key="steps", step=7, synchronous=True)
    image = mlflow.artifacts.load_image(f"{run.info.artifact_uri}/picture.png")
    assert numpy.asarray(image).tolist() == pixels.tolist()
    assert any(
        "steps+step+7" in file.path for file in client.list_artifacts(run.info.run_id, "images")
    )


def test_log_a_stream(client, experiment):
    content = os.urandom(300_000)
    with mlflow.start_run() as run:
        mlflow.log_stream(io.BytesIO(content), "stream/data.bin")
    path = mlflow.artifacts.download_artifacts(f"{run.info.artifact_uri}/stream/data.bin")
    assert Path(path).read_bytes() == content


def test_download_a_tree_by_every_uri(client, experiment, tmp_path):
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "inner" / "a b.txt").write_text("one")
    (tmp_path / "tree" / "ü.txt").write_text("two")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(tmp_path / "tree", "kept")
    for number, uri in enumerate(
        (f"runs:/{run.info.run_id}/kept", f"{run.info.artifact_uri}/kept")
    ):
        target = tmp_path / f"copy{number}"
        mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(target))
        copied = {
            str(path.relative_to(target)): path.read_text()
            for path in target.rglob("*")
            if path.is_file()
        }
        assert copied == {"kept/inner/a b.txt": "one", "kept/ü.txt": "two"}
    listed = mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="kept")
    assert [(file.path, file.is_dir) for file in listed] == [
        ("kept/inner", True),
        ("kept/ü.txt", False),
    ]


def test_artifacts_of_a_logged_model(client, experiment, tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"\x00\x01")
    model = mlflow.initialize_logged_model("files")
    client.log_model_artifact(model.model_id, str(tmp_path / "weights.bin"), "data")
    client.log_model_artifacts(model.model_id, str(tmp_path))
    listed = {file.path for file in client.list_logged_model_artifacts(model.model_id)}
    assert listed == {"data", "weights.bin"}
    inner = client.list_logged_model_artifacts(model.model_id, "data")
    assert [(file.path, file.file_size) for file in inner] == [("data/weights.bin", 2)]
