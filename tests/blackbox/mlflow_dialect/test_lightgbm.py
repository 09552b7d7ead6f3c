"""Autologging of LightGBM: a flavour that logs its metrics at each iteration."""

import lightgbm
import mlflow
import pytest
from sklearn.datasets import load_iris


@pytest.fixture(scope="module")
def data():
    features, labels = load_iris(return_X_y=True, as_frame=True)
    return features.rename(columns=lambda name: name.split(" (")[0].replace(" ", "_")), labels


def test_autolog_records_iterations_params_data_and_model(client, experiment, model_name, data):
    features, labels = data
    mlflow.lightgbm.autolog(registered_model_name=model_name, log_input_examples=True)
    try:
        train = lightgbm.Dataset(features, labels)
        settings = {"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1}
        with mlflow.start_run() as run:
            booster = lightgbm.train(settings, train, 12, valid_sets=[train], valid_names=["train"])
    finally:
        mlflow.lightgbm.autolog(disable=True)

    stored = client.get_run(run.info.run_id)
    assert stored.data.params["objective"] == "multiclass"
    assert stored.data.params["num_boost_round"] == "12"
    history = client.get_metric_history(run.info.run_id, "train-multi_logloss")
    assert [point.step for point in history] == list(range(12))
    assert history[0].value > history[-1].value
    assert stored.data.metrics["train-multi_logloss"] == history[-1].value
    assert [entry.dataset.name for entry in stored.inputs.dataset_inputs]
    assert len(stored.outputs.model_outputs) == 1
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"feature_importance_gain.png", "feature_importance_split.json"} <= files

    loaded = mlflow.pyfunc.load_model(f"models:/{model_name}/1")
    assert loaded.predict(features).tolist() == booster.predict(features).tolist()
