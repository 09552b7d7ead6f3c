"""Asynchronous logging: the client's threads batch what the program logs."""

import mlflow
import numpy
import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException


def test_everything_logged_asynchronously_arrives(client, experiment):
    with mlflow.start_run() as run:
        pending = [
            mlflow.log_metric("loss", 1 / (step + 1), step=step, synchronous=False)
            for step in range(500)
        ]
        pending.append(mlflow.log_params({"rate": 0.1, "depth": 3}, synchronous=False))
        pending.append(mlflow.set_tags({"kind": "asynchronous"}, synchronous=False))
        for operation in pending:
            operation.wait()
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [
        (step, 1 / (step + 1)) for step in range(500)
    ]
    data = client.get_run(run.info.run_id).data
    assert data.params == {"rate": "0.1", "depth": "3"}
    assert data.tags["kind"] == "asynchronous"


def test_flush_waits_for_what_is_under_way(client, experiment):
    with mlflow.start_run() as run:
        for step in range(200):
            mlflow.log_metrics({"a": step, "b": -step}, step=step, synchronous=False)
        mlflow.flush_async_logging()
        for key in ("a", "b"):
            assert len(client.get_metric_history(run.info.run_id, key)) == 200


def test_batches_larger_than_the_limit_are_split(client, run):
    run_id = run.info.run_id
    metrics = [Metric("m", index, 1_700_000_000_000 + index, index) for index in range(2500)]
    params = [Param(f"p{index}", str(index)) for index in range(150)]
    tags = [RunTag(f"t{index}", str(index)) for index in range(150)]
    client.log_batch(run_id, metrics, params, tags, synchronous=False).wait()
    assert len(client.get_metric_history(run_id, "m")) == 2500
    data = client.get_run(run_id).data
    assert len(data.params) == 150
    assert {key for key in data.tags if key.startswith("t")} == {
        f"t{index}" for index in range(150)
    }


def test_a_failure_is_told_when_waited_for(client, run):
    client.log_param(run.info.run_id, "p", "first")
    pending = client.log_batch(run.info.run_id, params=[Param("p", "second")], synchronous=False)
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        pending.wait()


def test_asynchronous_images(client, experiment):
    with mlflow.start_run() as run:
        for step in range(3):
            pixels = numpy.full((8, 8, 3), step, dtype=numpy.uint8)
            mlflow.log_image(pixels, key="pixels", step=step, synchronous=False)
        mlflow.flush_artifact_async_logging()
    files = [file.path for file in client.list_artifacts(run.info.run_id, "images")]
    assert len([path for path in files if path.endswith(".png")]) == 3
