"""Searching logged models through the stock client."""

import mlflow
import numpy
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from .conftest import unique


@pytest.fixture(scope="module")
def searched(server):
    """Four models of one experiment, with metrics on two datasets."""
    mlflow.set_tracking_uri(server.url)
    client = MlflowClient(server.url, server.url)
    experiment_id = client.create_experiment(unique("models"))
    experiment = mlflow.set_experiment(experiment_id=experiment_id)
    train = mlflow.data.from_numpy(numpy.zeros(3), name="train", digest="d1")
    for index, name in enumerate("abcd"):
        with mlflow.start_run():
            model = mlflow.initialize_logged_model(
                name,
                params={"depth": str(index)},
                tags={"kind": "even" if index % 2 == 0 else "odd"},
                model_type="tree" if index < 2 else "linear",
            )
            mlflow.log_metric("loss", 4 - index, model_id=model.model_id)
            mlflow.log_metric("score", index, model_id=model.model_id, dataset=train)
            mlflow.finalize_logged_model(model.model_id, "READY" if index else "FAILED")
    return experiment.experiment_id


def names(experiment_id, **arguments) -> list[str]:
    found = mlflow.search_logged_models([experiment_id], output_format="list", **arguments)
    return [model.name for model in found]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name = 'a'", "a"),
        ("name != 'a'", "bcd"),
        ("name IN ('a', 'd', 'x')", "ad"),
        ("name NOT IN ('a', 'd')", "bc"),
        ("name LIKE '%b%'", "b"),
        ("name ILIKE 'C'", "c"),
        ("model_type = 'tree'", "ab"),
        ("attributes.model_type = 'linear' AND params.depth = '3'", "d"),
        ("params.depth != '1'", "acd"),
        ("tags.kind = 'odd'", "bd"),
        ("metrics.loss < 3", "cd"),
        ("metrics.loss >= 3 AND tags.kind = 'even'", "a"),
        ("metrics.score = 2", "c"),
        ("creation_timestamp > 0", "abcd"),
        ("name = 'a' OR name = 'b'", "ab"),
        ("name = 'nobody'", ""),
    ],
)
def test_filters(searched, condition, expected):
    assert sorted(names(searched, filter_string=condition)) == list(expected)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([{"field_name": "name", "ascending": False}], "dcba"),
        ([{"field_name": "metrics.loss"}], "dcba"),
        ([{"field_name": "metrics.loss", "ascending": False}], "abcd"),
        ([{"field_name": "creation_timestamp"}], "abcd"),
        (
            [
                {
                    "field_name": "metrics.score",
                    "ascending": True,
                    "dataset_name": "train",
                    "dataset_digest": "d1",
                }
            ],
            "abcd",
        ),
    ],
)
def test_orders(searched, order, expected):
    assert names(searched, order_by=order) == list(expected)


def test_metric_filters_can_be_held_to_a_dataset(searched):
    train = [{"dataset_name": "train", "dataset_digest": "d1"}]
    other = [{"dataset_name": "other", "dataset_digest": "d1"}]
    assert sorted(names(searched, filter_string="metrics.score > 1", datasets=train)) == ["c", "d"]
    assert names(searched, filter_string="metrics.score > 1", datasets=other) == []
    assert names(searched, filter_string="metrics.loss > 0", datasets=train) == []
    assert sorted(names(searched, datasets=train)) == list("abcd")


def test_pages_to_the_end(client, searched):
    found, token = [], None
    while True:
        page = client.search_logged_models([searched], max_results=3, page_token=token)
        found += [model.name for model in page]
        token = page.token
        if not token:
            break
    assert found == list("dcba")


def test_as_a_data_frame(searched):
    table = mlflow.search_logged_models([searched])
    assert sorted(table["name"]) == list("abcd")
    assert {"model_id", "status", "params", "tags", "metrics"} <= set(table.columns)


def test_deleted_models_are_not_found(client, experiment):
    kept = mlflow.initialize_logged_model("kept")
    gone = mlflow.initialize_logged_model("gone")
    client.delete_logged_model(gone.model_id)
    assert names(experiment.experiment_id) == [kept.name]


@pytest.mark.parametrize("condition", ["nonsense = 1", "name < 'a'", "name ="])
def test_a_bad_filter_is_refused(searched, condition):
    with pytest.raises(MlflowException) as refused:
        names(searched, filter_string=condition)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
