"""Runs, params, metrics and tags through the stock MLflow client."""

import math
import time

import mlflow
import pandas
import pytest
from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunTag
from mlflow.exceptions import MlflowException, RestException

from .conftest import unique

# What MLflow's stores keep of an infinity.
LARGEST_DOUBLE = 1.7976931348623157e308


def test_start_run_records_its_life(client, experiment):
    before = int(time.time() * 1000)
    with mlflow.start_run(run_name="first", description="why it was run", tags={"a": "b"}) as run:
        live = client.get_run(run.info.run_id)
        assert live.info.status == "RUNNING"
        assert live.info.end_time is None
    after = int(time.time() * 1000)

    finished = client.get_run(run.info.run_id)
    assert finished.info.status == "FINISHED"
    assert finished.info.run_name == "first"
    assert finished.info.experiment_id == experiment.experiment_id
    assert finished.info.lifecycle_stage == "active"
    assert before <= finished.info.start_time <= finished.info.end_time <= after
    location = experiment.artifact_location
    assert finished.info.artifact_uri == f"{location}/{run.info.run_id}/artifacts"
    assert finished.data.tags["a"] == "b"
    assert finished.data.tags["mlflow.runName"] == "first"
    assert finished.data.tags["mlflow.note.content"] == "why it was run"
    assert finished.data.tags["mlflow.user"] == finished.info.user_id


def test_a_run_without_a_name_is_given_one(run):
    assert run.info.run_name
    assert run.data.tags["mlflow.runName"] == run.info.run_name


def test_a_run_that_raises_is_failed(client, experiment):
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
        raise ZeroDivisionError
    assert client.get_run(run.info.run_id).info.status == "FAILED"


def test_a_run_can_be_resumed(client, experiment):
    with mlflow.start_run() as first:
        mlflow.log_param("before", 1)
    with mlflow.start_run(run_id=first.info.run_id):
        mlflow.log_param("after", 2)
    assert client.get_run(first.info.run_id).data.params == {"before": "1", "after": "2"}


def test_nested_runs_name_their_parent(client, experiment):
    with mlflow.start_run() as parent:
        with mlflow.start_run(nested=True, run_name="child") as child:
            mlflow.log_metric("depth", 1)
        mlflow.log_metric("depth", 0)
    parent_id = parent.info.run_id
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent_id
    assert client.get_parent_run(child.info.run_id).info.run_id == parent_id
    children = client.search_runs(
        [experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent_id}'"
    )
    assert [found.info.run_id for found in children] == [child.info.run_id]


def test_log_param_and_params(client, experiment):
    with mlflow.start_run() as run:
        mlflow.log_param("learning_rate", 0.01)
        mlflow.log_params({"depth": 3, "name with spaces/and-more.x": "ü", "empty": ""})
    assert client.get_run(run.info.run_id).data.params == {
        "learning_rate": "0.01",
        "depth": "3",
        "name with spaces/and-more.x": "ü",
        "empty": "",
    }


def test_a_param_keeps_its_first_value(client, run):
    client.log_param(run.info.run_id, "depth", 3)
    client.log_param(run.info.run_id, "depth", 3)
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        client.log_param(run.info.run_id, "depth", 4)
    assert client.get_run(run.info.run_id).data.params == {"depth": "3"}


def test_a_param_in_a_batch_keeps_its_first_value(client, run):
    client.log_param(run.info.run_id, "depth", 3)
    with pytest.raises(RestException) as refused:
        client.log_batch(run.info.run_id, params=[Param("depth", "4")])
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert "depth" in refused.value.message


def test_log_metric_with_step_and_timestamp(client, experiment):
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.9, step=0)
        mlflow.log_metric("loss", 0.5, step=10, timestamp=1_700_000_000_000)
        mlflow.log_metric("loss", 0.7, step=-3)
    history = client.get_metric_history(run.info.run_id, "loss")
    assert {(point.step, point.value) for point in history} == {(0, 0.9), (10, 0.5), (-3, 0.7)}
    assert next(point for point in history if point.step == 10).timestamp == 1_700_000_000_000
    # The latest value is the one of the highest step, whenever it came in.
    assert client.get_run(run.info.run_id).data.metrics == {"loss": 0.5}


def test_log_metrics(client, experiment):
    metrics = {"a": 1.0, "b": -2.5e-300, "c": 0.1 + 0.2, "d/e.f g": 1e308}
    with mlflow.start_run() as run:
        mlflow.log_metrics(metrics, step=1)
    assert client.get_run(run.info.run_id).data.metrics == metrics


def test_nan_and_infinities_come_back(client, experiment):
    with mlflow.start_run() as run:
        mlflow.log_metric("nan", float("nan"))
        mlflow.log_metrics({"up": float("inf"), "down": float("-inf")})
        client.log_batch(run.info.run_id, [Metric("batched", float("nan"), 1, 1)])
    metrics = client.get_run(run.info.run_id).data.metrics
    assert math.isnan(metrics["nan"])
    assert math.isnan(metrics["batched"])
    assert metrics["up"] == LARGEST_DOUBLE
    assert metrics["down"] == -LARGEST_DOUBLE
    assert math.isnan(client.get_metric_history(run.info.run_id, "nan")[0].value)


def test_an_exact_repeat_of_a_metric_point_is_kept_once(client, run):
    for value in (1.0, 1.0, 2.0):
        client.log_metric(run.info.run_id, "m", value, timestamp=5, step=1)
    history = client.get_metric_history(run.info.run_id, "m")
    assert [point.value for point in history] == [1.0, 2.0]


def test_metric_history_is_complete_and_ordered(client, run):
    points = [Metric("m", index / 7, 1_000_000 + index, index) for index in range(2500)]
    for start in range(0, len(points), 1000):
        client.log_batch(run.info.run_id, metrics=points[start : start + 1000])
    history = client.get_metric_history(run.info.run_id, "m")
    assert [(p.step, p.timestamp, p.value) for p in history] == [
        (p.step, p.timestamp, p.value) for p in points
    ]
    assert client.get_run(run.info.run_id).data.metrics == {"m": 2499 / 7}


def test_metric_history_of_an_unknown_key_is_empty(client, run):
    assert list(client.get_metric_history(run.info.run_id, "nothing")) == []


def test_set_change_and_delete_tags(client, experiment):
    with mlflow.start_run() as run:
        mlflow.set_tag("stage", "draft")
        mlflow.set_tags({"stage": "final", "long": "x" * 8000, "ключ": "значение"})
        mlflow.set_tag("gone", "soon")
        mlflow.delete_tag("gone")
    tags = client.get_run(run.info.run_id).data.tags
    assert tags["stage"] == "final"
    assert tags["long"] == "x" * 8000
    assert tags["ключ"] == "значение"
    assert "gone" not in tags


def test_deleting_a_tag_that_is_not_there_is_not_found(client, run):
    with pytest.raises(RestException) as missing:
        client.delete_tag(run.info.run_id, "nothing")
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_the_run_name_tag_renames_the_run(client, run):
    client.set_tag(run.info.run_id, "mlflow.runName", "by tag")
    assert client.get_run(run.info.run_id).info.run_name == "by tag"
    client.update_run(run.info.run_id, name="by update")
    renamed = client.get_run(run.info.run_id)
    assert renamed.info.run_name == "by update"
    assert renamed.data.tags["mlflow.runName"] == "by update"


def test_log_batch_takes_a_thousand_entries_of_all_kinds(client, run):
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(f"m{index}", index, 1, 0) for index in range(800)],
        params=[Param(f"p{index}", str(index)) for index in range(100)],
        tags=[RunTag(f"t{index}", str(index)) for index in range(100)],
    )
    data = client.get_run(run.info.run_id).data
    assert data.metrics == {f"m{index}": float(index) for index in range(800)}
    assert data.params == {f"p{index}": str(index) for index in range(100)}
    assert {key: data.tags[key] for key in data.tags if key.startswith("t")} == {
        f"t{index}": str(index) for index in range(100)
    }


def test_log_batch_refuses_more_than_a_thousand_metrics(api, run):
    metrics = [{"key": "m", "value": 1, "timestamp": 1, "step": step} for step in range(1001)]
    answer = api.post("runs/log-batch", {"run_id": run.info.run_id, "metrics": metrics})
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_status_updates(client, run):
    client.set_terminated(run.info.run_id, status="KILLED", end_time=1_700_000_000_123)
    killed = client.get_run(run.info.run_id).info
    assert (killed.status, killed.end_time) == ("KILLED", 1_700_000_000_123)
    client.update_run(run.info.run_id, status="SCHEDULED")
    assert client.get_run(run.info.run_id).info.status == "SCHEDULED"


def test_delete_and_restore_a_run(client, run):
    client.delete_run(run.info.run_id)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException):
        client.log_metric(run.info.run_id, "m", 1.0)
    client.restore_run(run.info.run_id)
    client.log_metric(run.info.run_id, "m", 1.0)
    assert client.get_run(run.info.run_id).data.metrics == {"m": 1.0}


def test_an_unknown_run_is_not_found(client):
    with pytest.raises(RestException) as missing:
        client.get_run("0" * 32)
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert "0" * 32 in missing.value.message


@pytest.mark.parametrize(
    "key", ["../up", "/absolute", "a//b", "new\nline", "k" * 251, "semi;colon"]
)
def test_a_bad_metric_name_is_refused(api, run, key):
    point = {"run_id": run.info.run_id, "key": key, "value": 1.0, "timestamp": 1}
    answer = api.post("runs/log-metric", point)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_log_input_records_the_dataset(client, experiment):
    frame = pandas.DataFrame({"x": [1, 2, 3], "y": [0.1, 0.2, 0.3]})
    dataset = mlflow.data.from_pandas(frame, source="/data/numbers.csv", name=unique("numbers"))
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training", tags={"split": "all"})
        mlflow.log_input(dataset, context="training")
    inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert len(inputs) == 1
    found = inputs[0]
    assert (found.dataset.name, found.dataset.digest) == (dataset.name, dataset.digest)
    assert found.dataset.source_type == dataset.to_dict()["source_type"]
    assert found.dataset.schema == dataset.to_dict()["schema"]
    assert {tag.key: tag.value for tag in found.tags} == {
        "mlflow.data.context": "training",
        "split": "all",
    }


def test_the_profile_of_a_dataset_is_kept_up_to_its_limit(client, run):
    def read(profile: str) -> list[DatasetInput]:
        return [DatasetInput(Dataset("d", "1", "local", "{}", profile=profile))]

    longest = "p" * 16_777_215
    client.log_inputs(run.info.run_id, datasets=read(longest))
    found = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert [dataset_input.dataset.profile == longest for dataset_input in found] == [True]
    with pytest.raises(MlflowException, match="profile") as refused:
        client.log_inputs(run.info.run_id, datasets=read(longest + "p"))
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
