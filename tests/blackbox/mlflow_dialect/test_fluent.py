"""The parts of the fluent API that the other files do not go through."""

import mlflow
import numpy
from mlflow.entities import LoggedModelInput, LoggedModelOutput
from support.waiting import wait_until

from .conftest import unique

SYSTEM_METRIC = "system/cpu_utilization_percentage"


def test_experiments_through_the_fluent_api(tracking_uri):
    name = unique("fluent")
    experiment_id = mlflow.create_experiment(name, tags={"team": "red"})
    mlflow.set_experiment(name)
    mlflow.set_experiment_tags({"a": "1", "b": "2"})
    mlflow.set_experiment_tag("c", "3")
    mlflow.delete_experiment_tag("b")
    assert mlflow.get_experiment_by_name(name).tags == {"team": "red", "a": "1", "c": "3"}
    found = mlflow.search_experiments(filter_string=f"name = '{name}'")
    assert [experiment.experiment_id for experiment in found] == [experiment_id]
    mlflow.delete_experiment(experiment_id)
    assert mlflow.get_experiment(experiment_id).lifecycle_stage == "deleted"
    mlflow.restore_experiment(experiment_id)
    assert mlflow.get_experiment(experiment_id).lifecycle_stage == "active"


def test_parents_and_the_last_run(experiment):
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
        assert mlflow.get_parent_run(child.info.run_id).info.run_id == parent.info.run_id
        assert mlflow.get_artifact_uri("model") == f"{child.info.artifact_uri}/model"
    assert mlflow.last_active_run().info.run_id == parent.info.run_id
    mlflow.delete_run(child.info.run_id)
    assert mlflow.get_run(child.info.run_id).info.lifecycle_stage == "deleted"
    mlflow.restore_run(child.info.run_id)
    assert mlflow.get_run(child.info.run_id).info.lifecycle_stage == "active"


def test_inputs_and_outputs(client, experiment):
    source = mlflow.initialize_logged_model("source")
    made = mlflow.initialize_logged_model("made")
    datasets = [mlflow.data.from_numpy(numpy.arange(size), name=f"d{size}") for size in (2, 3)]
    with mlflow.start_run() as run:
        mlflow.log_inputs(
            datasets=datasets,
            contexts=["train", "test"],
            tags_list=[{"fold": "1"}, None],
        )
        client.log_inputs(run.info.run_id, models=[LoggedModelInput(source.model_id)])
        mlflow.log_outputs([LoggedModelOutput(made.model_id, step=4)])
    stored = mlflow.get_run(run.info.run_id)
    inputs = {entry.dataset.name: entry.tags for entry in stored.inputs.dataset_inputs}
    assert set(inputs) == {"d2", "d3"}
    tags = {tag.key: tag.value for tag in inputs["d2"]}
    assert tags == {"fold": "1", "mlflow.data.context": "train"}
    assert [model.model_id for model in stored.inputs.model_inputs] == [source.model_id]
    assert [(model.model_id, model.step) for model in stored.outputs.model_outputs] == [
        (made.model_id, 4)
    ]


def test_the_active_model_collects_params_and_metrics(experiment):
    model = mlflow.set_active_model(name=unique("agent"))
    mlflow.log_model_params({"temperature": "0.2"}, model.model_id)
    with mlflow.start_run():
        mlflow.log_metric("accuracy", 0.75)
    mlflow.clear_active_model()
    stored = mlflow.get_logged_model(model.model_id)
    assert stored.params == {"temperature": "0.2"}
    assert [(metric.key, metric.value) for metric in stored.metrics] == [("accuracy", 0.75)]


def test_registry_searches(registered_model, client):
    for source in ("s3://bucket/a", "s3://bucket/b"):
        client.create_model_version(registered_model.name, source)
    models = mlflow.search_registered_models(filter_string=f"name = '{registered_model.name}'")
    assert [found.name for found in models] == [registered_model.name]
    versions = mlflow.search_model_versions(
        filter_string=f"name = '{registered_model.name}'", order_by=["version_number DESC"]
    )
    assert [found.version for found in versions] == ["2", "1"]
    mlflow.set_model_version_tag(registered_model.name, "1", key="checked", value="yes")
    assert client.get_model_version(registered_model.name, "1").tags == {"checked": "yes"}


def test_system_metrics_of_a_run(experiment, client):
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    try:
        with mlflow.start_run(log_system_metrics=True) as run:
            wait_until(lambda: SYSTEM_METRIC in client.get_run(run.info.run_id).data.metrics)
    finally:
        mlflow.set_system_metrics_sampling_interval(None)
        mlflow.set_system_metrics_samples_before_logging(None)


def test_many_runs_as_a_data_frame(experiment):
    with mlflow.start_run():
        mlflow.log_metric("m", 0)
    for number in range(120):
        with mlflow.start_run():
            mlflow.log_params({"number": number})
    table = mlflow.search_runs([experiment.experiment_id])
    assert len(table) == 121
    assert table["params.number"].dropna().astype(int).tolist() == list(range(119, -1, -1))
