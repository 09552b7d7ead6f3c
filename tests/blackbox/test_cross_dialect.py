"""What one dialect writes, the other reads.

Platform `default`, workspace `default` of the AIDP dialect is what the MLflow dialect speaks for at
the root of the server.
"""

import uuid

import mlflow
import pytest
from mlflow import MlflowClient
from support.aidp import Tenant, models, tag


@pytest.fixture
def tenant(server) -> Tenant:
    return Tenant(server.url, platform="default", workspace="default")


@pytest.fixture
def client(server) -> MlflowClient:
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    return MlflowClient(tracking_uri=server.url, registry_uri=server.url)


@pytest.fixture
def name() -> str:
    return f"model-{uuid.uuid4().hex[:12]}"


def test_a_version_written_by_aidp_is_read_by_mlflow(tenant, client, name):
    tenant.create_model(name, description="about the model")
    created = tenant.create_version(
        name, source="s3://bucket/model", description="about it", tags=[tag("a", "1")]
    )
    found = client.get_model_version(name, "1")
    assert found.source == "s3://bucket/model"
    assert found.description == "about it"
    assert found.tags == {"a": "1"}
    assert found.current_stage == created.current_stage == "None"
    assert found.status == created.status == "READY"
    assert found.creation_timestamp == created.creation_timestamp
    assert client.get_registered_model(name).description == "about the model"
    assert [v.version for v in client.search_model_versions(f"name = '{name}'")] == ["1"]


def test_a_version_written_by_mlflow_is_read_by_aidp(tenant, client, name):
    client.create_registered_model(name)
    client.create_model_version(name, "s3://bucket/model", tags={"a": "1"}, description="about it")
    client.set_registered_model_alias(name, "champion", "1")
    client.transition_model_version_stage(name, "1", "Production")
    found = tenant.get_version("1", name)
    assert found.source == "s3://bucket/model"
    assert found.description == "about it"
    assert [(item.key, item.value) for item in found.tags] == [("a", "1")]
    assert found.aliases == ["champion"]
    assert found.current_stage == "Production"
    assert [version.version for version in tenant.versions(name)] == ["1"]


def test_both_dialects_count_in_one_series(tenant, client, name):
    tenant.create_model(name)
    numbers = []
    for _ in range(3):
        numbers.append(int(tenant.create_version(name).version))
        numbers.append(int(client.create_model_version(name, "s3://bucket/m").version))
    assert numbers == [1, 2, 3, 4, 5, 6]


def test_deleting_in_one_dialect_deletes_in_the_other(tenant, client, name):
    tenant.create_model(name)
    tenant.create_version(name)
    client.create_model_version(name, "s3://bucket/m")
    client.delete_model_version(name, "1")
    tenant.delete_version("2", name)
    assert tenant.versions(name) == []
    assert list(client.search_model_versions(f"name = '{name}'")) == []


def test_the_etag_follows_changes_made_by_the_other_dialect(tenant, client, name):
    def etag() -> str:
        return tenant.sdk.get_model_version(tenant.platform, name, "1").headers["etag"]

    tenant.create_model(name)
    tenant.create_version(name)
    seen = [etag()]
    assert etag() == seen[0]
    for change in (
        lambda: client.update_model_version(name, "1", "new words"),
        lambda: client.set_model_version_tag(name, "1", "k", "v"),
        lambda: client.delete_model_version_tag(name, "1", "k"),
        lambda: client.transition_model_version_stage(name, "1", "Staging"),
    ):
        change()
        seen.append(etag())
    assert len(set(seen)) == len(seen)


def test_a_version_carries_the_metrics_and_params_of_its_logged_model(tenant, client, name):
    experiment = mlflow.set_experiment(f"experiment-{name}")
    model = mlflow.create_external_model(name="external", params={"depth": "3", "rate": "0.1"})
    with mlflow.start_run(experiment_id=experiment.experiment_id) as run:
        mlflow.log_metric("accuracy", 0.5, step=1, model_id=model.model_id)
        mlflow.log_metric("accuracy", 0.9, step=2, model_id=model.model_id)
    tenant.create_model(name)
    created = tenant.create_version(name, run_id=run.info.run_id, model_id=model.model_id)
    assert created.model_id == model.model_id
    params = {param.name: param.value for param in created.model_params}
    assert params == {"depth": "3", "rate": "0.1"}
    assert ("accuracy", 0.9, 2) in {(m.key, m.value, m.step) for m in created.model_metrics}
    found = tenant.get_version("1", name)
    assert found.model_params == created.model_params
    assert found.model_metrics == created.model_metrics


def test_a_logged_model_of_another_platform_is_unknown(server, tenant, client, name):
    mlflow.set_experiment(f"experiment-{name}")
    model = mlflow.create_external_model(name="external")
    elsewhere = Tenant(server.url)
    elsewhere.create_model(name)
    body = {"name": name, "source": "s", "model_id": model.model_id}
    answer = elsewhere.platform_api.post("model-versions/create", body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "RelatedResourceNotAuthorizedOrNotFound"


def test_a_run_written_by_aidp_is_read_by_mlflow(tenant, client, name):
    experiment_id = tenant.create_experiment(name)
    run = tenant.create_run(experiment_id, run_name="by aidp")
    details = models.LogExperimentRunBatchDetails(
        run_id=run.info.run_id,
        metrics=[models.ExperimentRunMetric(key="loss", value=0.25, timestamp=5, step=1)],
        params=[models.ExperimentRunParam(key="depth", value="3")],
        tags=[models.ExperimentRunTag(key="team", value="red")],
    )
    tenant.sdk.log_experiment_run_batch(tenant.platform, tenant.workspace, details)
    found = client.get_run(run.info.run_id)
    assert found.info.run_name == "by aidp"
    assert found.info.experiment_id == experiment_id
    assert found.data.metrics == {"loss": 0.25}
    assert found.data.params == {"depth": "3"}
    assert found.data.tags["team"] == "red"
    assert client.get_experiment_by_name(name).experiment_id == experiment_id
    searched = client.search_runs([experiment_id], "metrics.loss < 1 AND tags.team = 'red'")
    assert [r.info.run_id for r in searched] == [run.info.run_id]


def test_a_run_written_by_mlflow_is_read_by_aidp(tenant, client, name):
    experiment = mlflow.set_experiment(name)
    with mlflow.start_run(run_name="by mlflow") as run:
        mlflow.log_metric("loss", 0.25, step=1)
        mlflow.log_param("depth", 3)
    found = tenant.get_run(run.info.run_id)
    assert found.info.run_name == "by mlflow"
    assert found.info.status == "FINISHED"
    assert found.info.experiment_id == experiment.experiment_id
    assert [(m.key, m.value, m.step) for m in found.data.metrics] == [("loss", 0.25, 1)]
    assert [(p.key, p.value) for p in found.data.params] == [("depth", "3")]


def test_other_platforms_are_invisible_to_mlflow(server, client, name):
    elsewhere = Tenant(server.url)
    elsewhere.create_model(name)
    elsewhere.create_version(name)
    elsewhere.create_experiment(name)
    assert list(client.search_registered_models(f"name = '{name}'")) == []
    assert list(client.search_model_versions(f"name = '{name}'")) == []
    assert client.get_experiment_by_name(name) is None


def test_a_trained_model_registered_by_aidp_is_loaded_by_mlflow(tenant, client, name):
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    features, labels = load_iris(return_X_y=True, as_frame=True)
    model = LogisticRegression(max_iter=200).fit(features, labels)
    mlflow.set_experiment(f"experiment-{name}")
    with mlflow.start_run() as run:
        logged = mlflow.sklearn.log_model(model, name="m", pip_requirements=["scikit-learn"])
    tenant.create_model(name)
    created = tenant.create_version(
        name,
        source=f"models:/{logged.model_id}",
        run_id=run.info.run_id,
        model_id=logged.model_id,
    )
    client.set_registered_model_alias(name, "champion", created.version)
    loaded = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    assert list(loaded.predict(features)) == list(model.predict(features))
