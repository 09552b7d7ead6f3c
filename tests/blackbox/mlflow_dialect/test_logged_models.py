"""Logged models through the stock client."""

import mlflow
import pytest
from mlflow.entities import LoggedModelStatus, Metric
from mlflow.exceptions import MlflowException

from .conftest import unique


@pytest.fixture
def logged_model(experiment):
    return mlflow.initialize_logged_model(
        name="classifier", model_type="forest", params={"depth": "3"}, tags={"team": "red"}
    )


def test_initialize_creates_a_pending_model(experiment, logged_model):
    found = mlflow.get_logged_model(logged_model.model_id)
    assert found.model_id.startswith("m-")
    assert len(found.model_id) == 34
    assert found.name == "classifier"
    assert found.model_type == "forest"
    assert found.status == LoggedModelStatus.PENDING
    assert found.experiment_id == experiment.experiment_id
    location = experiment.artifact_location
    assert found.artifact_location == f"{location}/models/{found.model_id}/artifacts"
    assert found.params == {"depth": "3"}
    assert found.tags["team"] == "red"
    assert found.creation_timestamp > 1_700_000_000_000
    assert found.last_updated_timestamp >= found.creation_timestamp


@pytest.mark.parametrize("status", ["READY", "FAILED"])
def test_finalize(logged_model, status):
    mlflow.finalize_logged_model(logged_model.model_id, status)
    assert mlflow.get_logged_model(logged_model.model_id).status == LoggedModelStatus(status)


def test_an_external_model_is_ready_at_once(experiment):
    name = unique("external")
    model = mlflow.create_external_model(name=name, params={"p": "1"}, tags={"t": "2"})
    found = mlflow.get_logged_model(model.model_id)
    assert found.status == LoggedModelStatus.READY
    assert found.name == name
    assert found.params == {"p": "1"}
    assert found.tags["t"] == "2"


def test_a_model_without_a_name_is_given_one(client, experiment):
    model = client.create_logged_model(experiment.experiment_id)
    assert model.name


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"])
def test_a_bad_name_is_refused(client, experiment, name):
    with pytest.raises(MlflowException):
        client.create_logged_model(experiment.experiment_id, name=name)


def test_params_are_added_once(client, logged_model):
    client.log_model_params(logged_model.model_id, {"rate": "0.1", "trees": "10"})
    found = mlflow.get_logged_model(logged_model.model_id)
    assert found.params == {"depth": "3", "rate": "0.1", "trees": "10"}


def test_tags_are_set_changed_and_deleted(logged_model):
    mlflow.set_logged_model_tags(logged_model.model_id, {"team": "blue", "new": "yes"})
    tags = mlflow.get_logged_model(logged_model.model_id).tags
    assert (tags["team"], tags["new"]) == ("blue", "yes")
    mlflow.delete_logged_model_tag(logged_model.model_id, "new")
    assert "new" not in mlflow.get_logged_model(logged_model.model_id).tags
    with pytest.raises(MlflowException):
        mlflow.delete_logged_model_tag(logged_model.model_id, "new")


def test_metrics_of_a_run_belong_to_the_model_too(client, logged_model):
    with mlflow.start_run() as run:
        mlflow.log_metric("accuracy", 0.5, step=1, model_id=logged_model.model_id)
        mlflow.log_metrics({"accuracy": 0.9, "f1": 0.8}, step=2, model_id=logged_model.model_id)
        client.log_batch(
            run.info.run_id, [Metric("auc", 0.7, 1, 0, model_id=logged_model.model_id)]
        )
    found = mlflow.get_logged_model(logged_model.model_id)
    points = {(metric.key, metric.step, metric.value) for metric in found.metrics}
    assert points >= {("accuracy", 2, 0.9), ("f1", 2, 0.8), ("auc", 0, 0.7)}
    assert {metric.run_id for metric in found.metrics} == {run.info.run_id}
    assert client.get_run(run.info.run_id).data.metrics == {"accuracy": 0.9, "f1": 0.8, "auc": 0.7}


def test_a_metric_names_its_dataset(logged_model):
    import pandas

    dataset = mlflow.data.from_pandas(pandas.DataFrame({"x": [1, 2]}), name="validation")
    with mlflow.start_run():
        mlflow.log_metric("rmse", 1.5, dataset=dataset, model_id=logged_model.model_id)
    metric = mlflow.get_logged_model(logged_model.model_id).metrics[0]
    assert (metric.dataset_name, metric.dataset_digest) == ("validation", dataset.digest)


def test_a_model_of_a_run_is_an_output_of_it(client, experiment):
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model(name="made-in-run")
        mlflow.finalize_logged_model(model.model_id, "READY")
    found = mlflow.get_logged_model(model.model_id)
    assert found.source_run_id == run.info.run_id


def test_inputs_of_a_run(client, logged_model):
    from mlflow.entities import LoggedModelInput

    with mlflow.start_run() as run:
        client.log_inputs(run.info.run_id, models=[LoggedModelInput(logged_model.model_id)])
    inputs = client.get_run(run.info.run_id).inputs.model_inputs
    assert [found.model_id for found in inputs] == [logged_model.model_id]


def test_delete(client, logged_model):
    client.delete_logged_model(logged_model.model_id)
    with pytest.raises(MlflowException, match="not found"):
        mlflow.get_logged_model(logged_model.model_id)


def test_an_unknown_model_is_not_found():
    with pytest.raises(MlflowException) as missing:
        mlflow.get_logged_model("m-" + "0" * 32)
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"
