"""A stock MLflow client inside a tenant: its tracking server is a workspace, its registry the
platform that the workspace is in. Oracle's SDK has the same paths, and sees the same things."""

from pathlib import Path

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from support.aidp import ServiceError, Tenant, models, tag
from support.http import MLFLOW_AGENT, Api

NOBODY = "f" * 32


def enter(tenant: Tenant) -> MlflowClient:
    """Points MLflow at a tenant, as a user would."""
    mlflow.set_tracking_uri(tenant.tracking_uri)
    mlflow.set_registry_uri(tenant.registry_uri)
    return MlflowClient(tenant.tracking_uri, tenant.registry_uri)


@pytest.fixture
def tenant(server) -> Tenant:
    return Tenant(server.url)


@pytest.fixture
def client(tenant):
    yield enter(tenant)
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def stranger(server) -> Tenant:
    """Another tenant of the same server."""
    return Tenant(server.url)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def trained(iris) -> LogisticRegression:
    return LogisticRegression(max_iter=200).fit(*iris)


def train(trained, name: str = "iris"):
    """Does the main job in the tenant that was entered last."""
    mlflow.set_experiment("training")
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_param("depth", 3)
        mlflow.log_metric("accuracy", 0.9, step=1)
        mlflow.log_text("some words", "notes/readme.txt")
        logged = mlflow.sklearn.log_model(
            trained, name="m", registered_model_name=name, pip_requirements=["scikit-learn"]
        )
    return run, logged


def refusal(action, *arguments) -> str:
    with pytest.raises(MlflowException) as refused:
        action(*arguments)
    return str(refused.value)


def test_the_main_job(client, trained, iris):
    run, logged = train(trained)
    client.set_registered_model_alias("iris", "champion", "1")
    expected = list(trained.predict(iris[0]))
    for uri in (
        "models:/iris@champion",
        "models:/iris/1",
        "models:/iris/latest",
        f"models:/{logged.model_id}",
        f"runs:/{run.info.run_id}/m",
    ):
        assert list(mlflow.pyfunc.load_model(uri).predict(iris[0])) == expected, uri

    version = client.get_model_version_by_alias("iris", "champion")
    assert (version.run_id, version.status) == (run.info.run_id, "READY")
    assert client.get_run(run.info.run_id).data.metrics == {"accuracy": 0.9}
    found = mlflow.search_runs(
        experiment_names=["training"], filter_string="metrics.accuracy > 0.8 AND params.depth = '3'"
    )
    assert list(found.run_id) == [run.info.run_id]
    assert [model.model_id for model in mlflow.search_logged_models(output_format="list")] == [
        logged.model_id
    ]


def test_artifacts(client, trained, tmp_path):
    run, _ = train(trained)
    run_id = run.info.run_id
    assert [file.path for file in client.list_artifacts(run_id, "notes")] == ["notes/readme.txt"]
    downloaded = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/notes", dst_path=tmp_path)
    assert Path(downloaded, "readme.txt").read_text() == "some words"
    version = mlflow.artifacts.download_artifacts("models:/iris/1", dst_path=tmp_path / "model")
    assert Path(version, "MLmodel").exists()


def test_a_version_made_from_the_files_of_a_run(client, trained, tmp_path):
    """The registry is the platform, and looks for the run in the platform's workspaces."""
    run, _ = train(trained)
    client.create_registered_model("files")
    source = f"{run.info.artifact_uri}/notes"
    version = client.create_model_version("files", source, run_id=run.info.run_id)
    assert (version.version, version.run_id) == ("1", run.info.run_id)
    assert client.get_model_version_download_uri("files", "1") == source
    downloaded = mlflow.artifacts.download_artifacts("models:/files/1", dst_path=tmp_path)
    assert Path(downloaded, "readme.txt").read_text() == "some words"
    assert "run_id" in refusal(client.create_model_version, "files", source, NOBODY)


def test_a_run_of_another_platform_is_no_source(client, trained, stranger):
    run, logged = train(trained)
    elsewhere = enter(stranger)
    elsewhere.create_registered_model("files")
    source, run_id = f"{run.info.artifact_uri}/notes", run.info.run_id
    refused = refusal(elsewhere.create_model_version, "files", source, run_id)
    assert refused == refusal(elsewhere.create_model_version, "files", source, NOBODY)
    unknown = refusal(mlflow.register_model, f"models:/{logged.model_id}", "files")
    assert logged.model_id in unknown


def test_every_verb_of_the_registry(client):
    client.create_registered_model("m", tags={"a": "1"}, description="one")
    client.create_model_version("m", "s3://bucket/m", tags={"b": "2"})
    assert client.update_registered_model("m", "two").description == "two"
    assert client.update_model_version("m", "1", "three").description == "three"
    client.delete_registered_model_tag("m", "a")
    client.delete_model_version_tag("m", "1", "b")
    client.set_registered_model_alias("m", "best", "1")
    client.delete_registered_model_alias("m", "best")
    found = client.get_registered_model("m")
    assert (found.tags, found.aliases) == ({}, {})
    assert client.transition_model_version_stage("m", "1", "Staging").current_stage == "Staging"
    assert client.get_latest_versions("m", ["Staging"])[0].tags == {}
    client.rename_registered_model("m", "n")
    client.delete_model_version("n", "1")
    client.delete_registered_model("n")
    assert list(client.search_registered_models()) == []


def test_oracles_sdk_reads_what_mlflow_wrote(tenant, client, trained):
    run, logged = train(trained)
    client.set_registered_model_alias("iris", "champion", "1")
    found = tenant.get_run(run.info.run_id)
    assert (found.info.run_name, found.info.status) == ("first", "FINISHED")
    assert [(metric.key, metric.value) for metric in found.data.metrics] == [("accuracy", 0.9)]
    version = tenant.get_version("1", "iris")
    assert (version.run_id, version.model_id) == (run.info.run_id, logged.model_id)
    assert version.aliases == ["champion"]
    files = tenant.sdk.list_artifacts(
        tenant.platform, tenant.workspace, run_id=run.info.run_id, path="notes"
    )
    assert [file.path for file in files.data.files] == ["notes/readme.txt"]


def test_mlflow_reads_what_oracles_sdk_wrote(tenant, client):
    experiment_id = tenant.create_experiment("by-sdk")
    run_id = tenant.create_run(experiment_id, run_name="by sdk").info.run_id
    details = models.LogExperimentRunMetricDetails(run_id=run_id, key="m", value=1.5, timestamp=1)
    tenant.sdk.log_experiment_run_metric(tenant.platform, tenant.workspace, details)
    tenant.create_model("by-sdk")
    tenant.create_version("by-sdk", run_id=run_id, tags=[tag("a", "1")])

    assert client.get_experiment_by_name("by-sdk").experiment_id == experiment_id
    assert client.get_run(run_id).data.metrics == {"m": 1.5}
    version = client.get_model_version("by-sdk", "1")
    assert (version.run_id, version.tags) == (run_id, {"a": "1"})
    client.set_tag(run_id, "seen", "yes")
    seen = {item.key: item.value for item in tenant.get_run(run_id).data.tags}
    assert seen["seen"] == "yes"


def test_both_dialects_meet_in_one_run(tenant, client):
    """The same path, and the client decides what it says."""
    body = {"experiment_id": "0", "tags": [{"key": "mlflow.runName", "value": "r"}]}
    by_oracle = tenant.workspace_api.post("runs/create", body)
    by_mlflow = Api(tenant.workspace_api.base_url, MLFLOW_AGENT).post("runs/create", body)
    assert by_oracle.headers["etag"]
    assert "etag" not in by_mlflow.headers
    assert "opc-request-id" in by_oracle.headers
    assert "x-request-id" in by_mlflow.headers
    found = {run.info.run_id for run in client.search_runs(["0"])}
    assert found == {answer.json()["run"]["info"]["run_id"] for answer in (by_oracle, by_mlflow)}


def test_another_tenant_sees_nothing(tenant, client, stranger, trained, iris):
    run, logged = train(trained)
    run_id = run.info.run_id
    elsewhere = enter(stranger)

    assert elsewhere.get_experiment_by_name("training") is None
    assert [found.name for found in elsewhere.search_experiments()] in ([], ["Default"])
    assert elsewhere.search_runs(["0", run.info.experiment_id]) == []
    assert list(elsewhere.search_registered_models()) == []
    assert list(elsewhere.search_model_versions("")) == []
    assert elsewhere.search_logged_models(["0", run.info.experiment_id]) == []

    assert sdk_refusal(stranger, run_id) == sdk_refusal(stranger, NOBODY)
    for action, known, unknown in (
        (elsewhere.get_run, run_id, NOBODY),
        (elsewhere.delete_run, run_id, NOBODY),
        (elsewhere.list_artifacts, run_id, NOBODY),
        (elsewhere.get_registered_model, "iris", "nobody"),
        (elsewhere.delete_registered_model, "iris", "nobody"),
        (elsewhere.get_logged_model, logged.model_id, f"m-{NOBODY}"),
    ):
        assert refusal(action, known).replace(known, unknown) == refusal(action, unknown)
    assert client.get_run(run_id).info.lifecycle_stage == "active"
    assert client.get_registered_model("iris").name == "iris"


def test_another_tenant_has_other_files(client, tenant, stranger, trained, server):
    run, _ = train(trained)
    directory = f"{run.info.experiment_id}/{run.info.run_id}/artifacts/notes"
    path = f"artifacts/{directory}/readme.txt"
    mine, theirs = files_of(tenant.tracking_uri), files_of(stranger.tracking_uri)
    assert mine.get(path).text == "some words"
    for other in (theirs, files_of(server.url)):
        found, missing = other.get(path), other.get("artifacts/no/such/readme.txt")
        assert (found.status_code, missing.status_code) == (404, 404)
        message = missing.json()["message"].replace("no/such", directory)
        assert found.json() == {**missing.json(), "message": message}
        assert other.get("artifacts", params={"path": directory}).json() == {}
        assert other.send("DELETE", path).status_code == 200
    assert theirs.send("PUT", path, data=b"other words").status_code == 200
    assert theirs.get(path).text == "other words"
    assert mine.get(path).text == "some words"


def test_a_workspace_shares_the_registry_of_its_platform_and_nothing_else(
    server, tenant, client, trained
):
    run, _ = train(trained)
    neighbour = Tenant(server.url, tenant.platform, "neighbour")
    elsewhere = enter(neighbour)
    assert elsewhere.get_model_version("iris", "1").run_id == run.info.run_id
    assert elsewhere.get_experiment_by_name("training") is None
    known, unknown = (refusal(elsewhere.get_run, id) for id in (run.info.run_id, NOBODY))
    assert known.replace(run.info.run_id, NOBODY) == unknown
    path = f"{run.info.experiment_id}/{run.info.run_id}/artifacts/notes/readme.txt"
    assert files_of(neighbour.tracking_uri).get(f"artifacts/{path}").status_code == 404


def test_a_workspace_can_be_the_registry_too(tenant, client, trained, iris):
    mlflow.set_registry_uri(tenant.tracking_uri)
    train(trained)
    predicted = mlflow.pyfunc.load_model("models:/iris/1").predict(iris[0])
    assert list(predicted) == list(trained.predict(iris[0]))
    assert tenant.get_version("1", "iris").status == "READY"


def test_a_platform_is_no_tracking_server(tenant, client):
    at_platform = MlflowClient(tenant.registry_uri, tenant.registry_uri)
    for action, argument in (
        (at_platform.get_run, NOBODY),
        (at_platform.create_experiment, "e"),
        (at_platform.search_runs, ["0"]),
        (at_platform.get_logged_model, "m-1"),
    ):
        assert "belongs to a workspace" in refusal(action, argument)


def test_what_only_mlflow_has_is_answered_whoever_asks(tenant, client):
    tenant.create_model("m")
    patched = tenant.platform_api.send(
        "PATCH", "registered-models/update", json={"name": "m", "description": "d"}
    )
    assert patched.json()["registered_model"]["description"] == "d"
    info = requests.get(f"{tenant.tracking_uri}/api/3.0/mlflow/server-info", timeout=30)
    assert info.json()["store_type"] == "SqlStore"
    missing = tenant.workspace_api.get("logged-models/m-1")
    assert missing.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    for path in ("nowhere", "runs/nowhere"):
        assert tenant.workspace_api.get(path).json()["code"] == "NotFound"


def sdk_refusal(tenant: Tenant, run_id: str) -> tuple:
    with pytest.raises(ServiceError) as refused:
        tenant.get_run(run_id)
    error = refused.value
    return error.status, error.code, error.message.replace(run_id, NOBODY)


def files_of(tracking_uri: str) -> Api:
    return Api(f"{tracking_uri}/api/2.0/mlflow-artifacts", MLFLOW_AGENT)
