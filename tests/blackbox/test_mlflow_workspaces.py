"""The stock MLflow client in workspaces: two side by side through every family of operations, the
same things seen by Oracle's client, and what becomes of a workspace that is deleted."""

import os
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.entities.workspace import TraceArchivalConfig
from mlflow.exceptions import MlflowException
from support.aidp import Tenant
from support.databases import new_database
from support.http import MLFLOW_AGENT, Api
from support.servers import Server

ON = ("--enable-workspaces",)


@pytest.fixture(scope="module")
def server(engine, tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    running = Server(directory, new_database(engine, directory), ON).start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def tracking_uri(server):
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    yield server.url
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_workspace(None)
    os.environ.pop("MLFLOW_WORKSPACE", None)


@pytest.fixture
def two(request):
    """Two new workspaces."""
    names = [f"{request.node.originalname.replace('_', '-')[-50:]}-{part}" for part in "ab"]
    names = [name.lstrip("-") for name in names]
    for name in names:
        mlflow.create_workspace(name)
    return names


@pytest.fixture
def api(server) -> Api:
    return Api(f"{server.url}/api", MLFLOW_AGENT)


def refusal(action, *arguments, **options) -> str:
    with pytest.raises(MlflowException) as refused:
        action(*arguments, **options)
    return f"{refused.value.error_code}: {refused.value}"


def names() -> list[str]:
    return [workspace.name for workspace in mlflow.list_workspaces()]


def at(workspace: str) -> dict:
    return {"headers": {"X-MLFLOW-WORKSPACE": workspace}}


def test_workspaces_are_made_described_and_deleted(api):
    made = mlflow.create_workspace(
        "forecasts",
        description="Sales",
        default_artifact_root="s3://bucket/forecasts",
        trace_archival_config=TraceArchivalConfig("s3://bucket/traces", "30d"),
    )
    assert mlflow.get_workspace("forecasts") == made
    changed = mlflow.update_workspace("forecasts", description="Costs", default_artifact_root="")
    assert (changed.description, changed.default_artifact_root) == ("Costs", None)
    assert changed.trace_archival_retention == "30d"
    assert {"default", "forecasts"} <= set(names())
    assert "RESOURCE_ALREADY_EXISTS" in refusal(mlflow.create_workspace, "forecasts")
    assert "must match the pattern" in refusal(mlflow.create_workspace, "No_Name")
    for name in ("default", "api"):
        assert "reserved" in refusal(mlflow.create_workspace, name)
    assert "reserved" in refusal(mlflow.delete_workspace, "default", mode="CASCADE")
    mlflow.delete_workspace("forecasts")
    assert "RESOURCE_DOES_NOT_EXIST" in refusal(mlflow.get_workspace, "forecasts")
    info = api.get("3.0/mlflow/server-info").json()
    assert info["workspaces_enabled"] is True


def test_an_unknown_workspace_is_refused(api):
    for method, path in [
        ("GET", "2.0/mlflow/experiments/search?max_results=1"),
        ("POST", "2.0/mlflow/registered-models/create"),
        ("GET", "2.0/mlflow-artifacts/artifacts?path=a"),
        ("PUT", "2.0/mlflow-artifacts/artifacts/a"),
        ("GET", "3.0/mlflow/workspaces"),
    ]:
        answer = api.send(method, path, json={"name": "m"}, **at("nobody"))
        assert answer.status_code == 404, path
        assert answer.json()["message"] == "Workspace 'nobody' not found"
    assert api.get("3.0/mlflow/workspaces", **at("No Name")).status_code == 400
    assert api.get("3.0/mlflow/server-info", **at("nobody")).ok
    assert "nobody" not in names()


def test_two_workspaces_side_by_side(two, server, tmp_path):
    runs, versions, logged, experiments = {}, {}, {}, {}
    for name in two:
        mlflow.set_workspace(name)
        client = MlflowClient()
        experiment = mlflow.set_experiment("training")
        experiments[name] = experiment
        assert experiment.workspace == name
        assert experiment.artifact_location == f"mlflow-artifacts:/workspaces/{name}/1"
        with mlflow.start_run(run_name=name) as run:
            mlflow.log_param("where", name)
            mlflow.log_metric("loss", len(runs), step=1)
            mlflow.set_tag("where", name)
            mlflow.log_text(f"of {name}", "notes/readme.txt")
        runs[name] = run.info.run_id
        logged[name] = mlflow.initialize_logged_model("net", source_run_id=run.info.run_id).model_id
        mlflow.log_text(f"model of {name}", "unused.txt", run_id=runs[name])
        client.create_registered_model("net", tags={"where": name})
        source = f"runs:/{runs[name]}/notes"
        versions[name] = client.create_model_version("net", source, runs[name])
        client.set_registered_model_alias("net", "champion", 1)
        mlflow.register_prompt("greeting", f"Hello from {name}")

    for name, other in (two, reversed(two)):
        mlflow.set_workspace(name)
        client = MlflowClient()
        found = client.search_experiments(order_by=["name"])
        assert [experiment.name for experiment in found] == ["Default", "training"]
        found = client.search_runs(["0", "1"], "tags.where LIKE '%'")
        assert [run.info.run_id for run in found] == [runs[name]]
        history = client.get_metric_history(runs[name], "loss")
        assert [point.value for point in history] == [float(two.index(name))]
        found = client.search_logged_models(["1"])
        assert [model.model_id for model in found] == [logged[name]]
        model = client.get_registered_model("net")
        assert (model.tags, model.aliases) == ({"where": name}, {"champion": "1"})
        found = client.search_model_versions("name = 'net'")
        assert [version.run_id for version in found] == [runs[name]]
        assert name in mlflow.load_prompt("prompts:/greeting/1").template
        assert [file.path for file in client.list_artifacts(runs[name], "notes")] == [
            "notes/readme.txt"
        ]
        path = mlflow.artifacts.download_artifacts(f"runs:/{runs[name]}/notes/readme.txt")
        assert Path(path).read_text() == f"of {name}"
        path = mlflow.artifacts.download_artifacts("models:/net/1/readme.txt")
        assert Path(path).read_text() == f"of {name}"
        file = f"workspaces/{name}/1/{runs[name]}/artifacts/notes/readme.txt"
        assert (server.directory / "data" / "artifacts" / file).is_file()

        # What the other one has is not there for this one.
        missing = "RESOURCE_DOES_NOT_EXIST"
        assert missing in refusal(client.get_run, runs[other])
        assert missing in refusal(client.get_logged_model, logged[other])
        assert missing in refusal(client.log_metric, runs[other], "stolen", 1.0)
        batch = ([Metric("m", 1, 1, 1)], [Param("p", "1")], [RunTag("t", "1")])
        assert missing in refusal(client.log_batch, runs[other], *batch)
        assert missing in refusal(client.set_tag, runs[other], "stolen", "1")
        assert missing in refusal(client.delete_run, runs[other])
        assert missing in refusal(client.finalize_logged_model, logged[other], "READY")
        # The files of another one cannot be named at all.
        there = f"{experiments[other].artifact_location}/{runs[other]}/artifacts/notes/readme.txt"
        with pytest.raises(Exception, match=r"400|targets workspace"):
            mlflow.artifacts.download_artifacts(there, dst_path=str(tmp_path))

    mlflow.set_workspace(None)
    assert "RESOURCE_DOES_NOT_EXIST" in refusal(MlflowClient().get_run, runs[two[0]])
    with pytest.raises(MlflowException):
        MlflowClient().get_registered_model("net")


def test_paths_of_artifacts_stay_within_the_workspace(two, api, server):
    base = "2.0/mlflow-artifacts/artifacts"
    first, second = two
    assert api.send("PUT", f"{base}/a.txt", data=b"first", **at(first)).ok
    assert api.send("PUT", f"{base}/workspaces/{first}/b.txt", data=b"first", **at(first)).ok
    listed = api.get(base, **at(first)).json()["files"]
    assert [file["path"] for file in listed] == ["a.txt", "b.txt"]
    directory = server.directory / "data" / "artifacts" / "workspaces"
    assert sorted(file.name for file in (directory / first).iterdir()) == ["a.txt", "b.txt"]
    assert api.get(f"{base}/workspaces/{first}/a.txt", **at(first)).content == b"first"
    outside = [f"workspaces/{first}/a.txt", f"workspaces%2F{first}%2Fa.txt", f"workspaces/{first}"]
    for stranger in (second, "default"):
        for path in outside:
            for method in ("GET", "PUT", "DELETE"):
                answer = api.send(method, f"{base}/{path}", data=b"stolen", **at(stranger))
                assert answer.status_code == 400, (method, path, stranger)
                assert f"targets workspace '{first}'" in answer.json()["message"]
        answer = api.get(f"{base}?path=workspaces/{first}", **at(stranger))
        assert answer.status_code == 400
        create = f"2.0/mlflow-artifacts/mpu/create/workspaces/{first}"
        assert api.post(create, {"path": "x", "num_parts": 1}, **at(stranger)).status_code == 400
    for path in ("workspaces", "workspaces/default", f"workspaces/{first}"):
        for workspace in (first, "default"):
            for method in ("PUT", "DELETE"):
                answer = api.send(method, f"{base}/{path}", data=b"x", **at(workspace))
                assert answer.status_code == 400, (method, path, workspace)
    assert api.get(f"{base}/a.txt", **at("default")).status_code == 404
    assert api.get(f"{base}/a.txt", **at(first)).content == b"first"


def test_parts_of_an_upload_land_in_the_workspace(two, api, server):
    first, _ = two
    base = "2.0/mlflow-artifacts/mpu"
    body = {"path": "big.bin", "num_parts": 1}
    upload = api.post(f"{base}/create/models", body, **at(first)).json()
    (part,) = upload["credentials"]
    sent = api.session.put(part["url"], data=b"bytes", headers=part["headers"], timeout=30)
    parts = [{"part_number": 1, "etag": sent.headers["etag"]}]
    body = {"path": "big.bin", "upload_id": upload["upload_id"], "parts": parts}
    assert api.post(f"{base}/complete/models", body, **at(first)).ok
    file = server.directory / "data" / "artifacts" / "workspaces" / first / "models" / "big.bin"
    assert file.read_bytes() == b"bytes"


def test_the_root_of_a_workspace_is_where_its_new_experiments_are(two, tmp_path):
    first, second = two
    mlflow.update_workspace(first, default_artifact_root=tmp_path.as_uri())
    mlflow.set_workspace(first)
    experiment = mlflow.set_experiment("elsewhere")
    assert experiment.artifact_location == f"{tmp_path.as_uri()}/1"
    with mlflow.start_run():
        mlflow.log_text("x", "a.txt")
    assert len(list((tmp_path / "1").glob("*/artifacts/a.txt"))) == 1
    refused = refusal(mlflow.create_experiment, "chosen", artifact_location="s3://bucket/x")
    assert "artifact_location cannot be specified" in refused
    mlflow.set_workspace(second)
    assert mlflow.set_experiment("here").artifact_location.startswith("mlflow-artifacts:/")


def test_both_dialects_see_one_workspace(two, server):
    name, _ = two
    tenant = Tenant(server.url, name, "default")
    mlflow.set_workspace(name)
    client = MlflowClient()
    mlflow.set_experiment("shared")
    with mlflow.start_run() as run:
        mlflow.log_text("shared", "a.txt")
    assert tenant.get_run(run.info.run_id).info.experiment_id == "1"
    experiment = tenant.create_experiment("of-oracle")
    assert client.get_experiment(experiment).name == "of-oracle"
    tenant.create_model("iris")
    assert client.get_registered_model("iris").name == "iris"
    # A client inside the tenant finds the files at the same place.
    mlflow.set_workspace(None)
    os.environ.pop("MLFLOW_WORKSPACE", None)
    inside = MlflowClient(tenant.tracking_uri, tenant.registry_uri)
    path = inside.download_artifacts(run.info.run_id, "a.txt")
    assert Path(path).read_text() == "shared"


def test_a_platform_of_the_other_dialect_is_listed(server):
    Tenant(server.url, "made-by-oracle", "main").create_model("m")
    Tenant(server.url).create_model("m")
    assert "made-by-oracle" in names()
    assert all(len(name) < 64 and "." not in name for name in names())
    mlflow.set_workspace("made-by-oracle")
    assert MlflowClient().get_registered_model("m").name == "m"
    # Its workspace `default` comes into being at its first write.
    with mlflow.start_run(experiment_id="0") as run:
        mlflow.log_param("a", 1)
    assert MlflowClient().get_run(run.info.run_id).info.experiment_id == "0"


def test_content_protects_a_workspace(two, api):
    name, _ = two
    mlflow.set_workspace(name)
    mlflow.set_experiment("e")
    mlflow.set_workspace(None)
    refused = api.send("DELETE", f"3.0/mlflow/workspaces/{name}")
    assert (refused.status_code, refused.json()["error_code"]) == (500, "INVALID_STATE")
    assert "table 'experiments' still contains 1 resource(s)" in refused.json()["message"]
    assert name in names()


def test_cascade_takes_the_content_away(two):
    name, other = two
    for workspace in two:
        mlflow.set_workspace(workspace)
        mlflow.set_experiment("e")
        with mlflow.start_run():
            mlflow.log_metric("m", 1)
        MlflowClient().create_registered_model("net")
    mlflow.set_workspace(None)
    mlflow.delete_workspace(name, mode="CASCADE")
    assert name not in names()
    mlflow.create_workspace(name)
    mlflow.set_workspace(name)
    client = MlflowClient()
    assert [found.name for found in client.search_experiments()] == ["Default"]
    assert client.search_registered_models() == []
    mlflow.set_workspace(other)
    assert MlflowClient().get_registered_model("net").name == "net"
    assert mlflow.get_experiment_by_name("e") is not None


def test_content_can_move_to_the_default_workspace(two, api):
    name, _ = two
    mlflow.create_experiment(f"kept-{name}")
    mlflow.set_workspace(name)
    mlflow.set_experiment(f"moved-{name}")
    with mlflow.start_run() as run:
        mlflow.log_text("moved", "a.txt")
        mlflow.log_metric("m", 1)
    client = MlflowClient()
    client.create_registered_model(f"net-{name}")
    client.create_model_version(f"net-{name}", f"runs:/{run.info.run_id}/a.txt", run.info.run_id)
    mlflow.set_workspace(None)
    MlflowClient().create_registered_model("taken")
    mlflow.set_workspace(name)
    MlflowClient().create_registered_model("taken")
    mlflow.set_workspace(None)
    refused = api.send("DELETE", f"3.0/mlflow/workspaces/{name}?mode=SET_DEFAULT")
    assert "  - registered_models: 'taken'" in refused.json()["message"]
    mlflow.set_workspace(name)
    MlflowClient().delete_registered_model("taken")
    mlflow.set_workspace(None)
    mlflow.delete_workspace(name, mode="SET_DEFAULT")

    client = MlflowClient()
    moved = mlflow.get_experiment_by_name(f"moved-{name}")
    assert moved.workspace == "default"
    found = client.search_runs([moved.experiment_id])
    assert [run.info.run_id for run in found] == [run.info.run_id]
    assert client.get_metric_history(run.info.run_id, "m")[0].value == 1
    path = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/a.txt")
    assert Path(path).read_text() == "moved", "files stay where they are, and can be read"
    assert client.get_model_version(f"net-{name}", "1").run_id == run.info.run_id
    with mlflow.start_run(experiment_id=moved.experiment_id):
        mlflow.log_text("new", "b.txt")
    MlflowClient().delete_registered_model("taken")


def test_below_a_tenant_s_path_there_are_no_workspaces(two, server):
    name, _ = two
    tenant = Tenant(server.url, name, "default")
    inside = Api(f"{tenant.tracking_uri}/api", MLFLOW_AGENT)
    assert inside.get("3.0/mlflow/workspaces").status_code == 503
    assert inside.get("3.0/mlflow/server-info").json()["workspaces_enabled"] is False
    answer = inside.get("2.0/mlflow/experiments/search?max_results=1", **at(name))
    assert answer.json()["error_code"] == "FEATURE_DISABLED"


def test_what_was_made_stays_when_workspaces_are_switched_off(engine, tmp_path):
    database = new_database(engine, tmp_path)
    server = Server(tmp_path, database, ON).start()
    mlflow.set_tracking_uri(server.url)
    mlflow.create_workspace("kept")
    mlflow.set_workspace("kept")
    with mlflow.start_run(experiment_id="0") as run:
        mlflow.log_text("kept", "a.txt")
    mlflow.set_workspace(None)
    os.environ.pop("MLFLOW_WORKSPACE", None)
    server.stop()
    server.arguments = ()
    server.start()
    tenant = Tenant(server.url, "kept", "default")
    inside = MlflowClient(tenant.tracking_uri, tenant.registry_uri)
    path = inside.download_artifacts(run.info.run_id, "a.txt")
    assert Path(path).read_text() == "kept"
    # The root does not reach into it.
    location = inside.get_experiment("0").artifact_location
    answer = Api(f"{server.url}/api/2.0/mlflow-artifacts").get(
        f"artifacts?path={location.removeprefix('mlflow-artifacts:/')}"
    )
    assert answer.status_code == 400
    server.stop()
