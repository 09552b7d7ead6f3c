"""The main job with a real model: train, log, register, load back, predict the same."""

import json

import mlflow
import numpy
import pytest
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

# Working these out takes a fresh interpreter and many seconds; one test below lets MLflow do it.
REQUIREMENTS = ["scikit-learn"]


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def pipeline(iris):
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(*iris)


def log_pipeline(pipeline, iris, name: str, **arguments):
    features, _ = iris
    return mlflow.sklearn.log_model(
        pipeline,
        name="pipeline",
        registered_model_name=name,
        signature=infer_signature(features, pipeline.predict(features)),
        input_example=features.head(3),
        pip_requirements=REQUIREMENTS,
        **arguments,
    )


def predictions(uri: str, iris) -> list:
    return list(mlflow.pyfunc.load_model(uri).predict(iris[0]))


def test_log_model_registers_and_every_uri_predicts_the_same(
    client, experiment, model_name, pipeline, iris
):
    with mlflow.start_run() as run:
        logged = log_pipeline(pipeline, iris, model_name)
    expected = list(pipeline.predict(iris[0]))

    version = client.get_model_version(model_name, "1")
    assert version.status == "READY"
    assert version.run_id == run.info.run_id
    assert version.source == f"models:/{logged.model_id}"
    # The client and the server both write this tag, one with a number and one with a string.
    registered = json.loads(mlflow.get_logged_model(logged.model_id).tags["mlflow.modelVersions"])
    assert {(entry["name"], int(entry["version"])) for entry in registered} == {(model_name, 1)}

    client.set_registered_model_alias(model_name, "champion", 1)
    for uri in (
        f"models:/{model_name}@champion",
        f"models:/{model_name}/1",
        f"models:/{model_name}/latest",
        f"models:/{logged.model_id}",
        f"runs:/{run.info.run_id}/pipeline",
    ):
        assert predictions(uri, iris) == expected, uri


def test_a_loaded_sklearn_model_has_the_same_probabilities(
    client, experiment, model_name, pipeline, iris
):
    with mlflow.start_run():
        log_pipeline(pipeline, iris, model_name)
    loaded = mlflow.sklearn.load_model(f"models:/{model_name}/1")
    assert isinstance(loaded, Pipeline)
    numpy.testing.assert_array_equal(loaded.predict_proba(iris[0]), pipeline.predict_proba(iris[0]))


def test_an_alias_moves_loading_to_another_version(client, experiment, model_name, pipeline, iris):
    other = LogisticRegression(max_iter=50).fit(iris[0], iris[1] % 2)
    with mlflow.start_run():
        log_pipeline(pipeline, iris, model_name)
        log_pipeline(other, iris, model_name)
    client.set_registered_model_alias(model_name, "champion", 1)
    assert predictions(f"models:/{model_name}@champion", iris) == list(pipeline.predict(iris[0]))
    client.set_registered_model_alias(model_name, "champion", 2)
    assert predictions(f"models:/{model_name}@champion", iris) == list(other.predict(iris[0]))
    assert predictions(f"models:/{model_name}/latest", iris) == list(other.predict(iris[0]))


def test_register_model_from_a_run(client, experiment, model_name, pipeline, iris):
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(pipeline, name="m", pip_requirements=REQUIREMENTS)
    version = mlflow.register_model(f"runs:/{run.info.run_id}/m", model_name, tags={"by": "hand"})
    assert int(version.version) == 1
    assert client.get_model_version(model_name, "1").tags == {"by": "hand"}
    assert predictions(f"models:/{model_name}/1", iris) == list(pipeline.predict(iris[0]))


def test_register_a_logged_model(client, experiment, model_name, pipeline, iris):
    logged = mlflow.sklearn.log_model(
        pipeline, name="m", pip_requirements=REQUIREMENTS, params={"folds": 10}
    )
    version = mlflow.register_model(f"models:/{logged.model_id}", model_name)
    assert version.source == f"models:/{logged.model_id}"
    assert predictions(f"models:/{model_name}/1", iris) == list(pipeline.predict(iris[0]))


def test_load_by_stage(client, experiment, model_name, pipeline, iris):
    with mlflow.start_run():
        log_pipeline(pipeline, iris, model_name)
    client.transition_model_version_stage(model_name, "1", "Production")
    expected = list(pipeline.predict(iris[0]))
    assert predictions(f"models:/{model_name}/Production", iris) == expected


def test_log_model_links_run_and_logged_model(client, experiment, model_name, pipeline, iris):
    with mlflow.start_run() as run:
        logged = log_pipeline(pipeline, iris, model_name, params={"folds": 10}, tags={"t": "1"})
        mlflow.log_metric("accuracy", 0.99, model_id=logged.model_id)
    found = mlflow.get_logged_model(logged.model_id)
    assert found.source_run_id == run.info.run_id
    assert found.params == {"folds": "10"}
    assert [(metric.key, metric.value) for metric in found.metrics] == [("accuracy", 0.99)]
    outputs = client.get_run(run.info.run_id).outputs.model_outputs
    assert [output.model_id for output in outputs] == [logged.model_id]


def test_log_model_with_everything_left_to_mlflow(client, experiment, model_name, iris):
    """No requirements, no signature, as in the shortest example of MLflow's own pages."""
    model = LogisticRegression(max_iter=200).fit(*iris)
    with mlflow.start_run():
        mlflow.sklearn.log_model(model, name="plain", registered_model_name=model_name)
    assert predictions(f"models:/{model_name}/1", iris) == list(model.predict(iris[0]))


def test_autolog(client, experiment, iris):
    mlflow.sklearn.autolog(log_input_examples=True, silent=True)
    try:
        with mlflow.start_run() as run:
            model = LogisticRegression(max_iter=200, C=0.5).fit(*iris)
            score = model.score(*iris)
    finally:
        mlflow.sklearn.autolog(disable=True)

    found = client.get_run(run.info.run_id)
    assert found.data.params["C"] == "0.5"
    assert found.data.params["max_iter"] == "200"
    assert found.data.metrics["training_accuracy_score"] == pytest.approx(score)
    assert found.data.tags["estimator_name"] == "LogisticRegression"
    contexts = [tag.value for item in found.inputs.dataset_inputs for tag in item.tags]
    assert "train" in contexts
    outputs = found.outputs.model_outputs
    assert len(outputs) == 1
    uri = f"models:/{outputs[0].model_id}"
    assert predictions(uri, iris) == list(model.predict(iris[0]))


def test_search_finds_autologged_runs(client, experiment, iris):
    mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)
    try:
        for strength in (0.1, 1.0):
            with mlflow.start_run():
                LogisticRegression(max_iter=300, C=strength).fit(*iris)
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = client.search_runs(
        [experiment.experiment_id],
        "params.C = '0.1' AND metrics.training_accuracy_score > 0.5",
    )
    assert len(found) == 1
