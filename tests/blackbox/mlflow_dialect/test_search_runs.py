"""search_runs: filters, orders, views and pages, checked against the same rules in Python."""

import mlflow
import pandas
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import RestException

from .conftest import unique

COUNT = 24


@pytest.fixture(scope="module")
def experiment_id(server) -> str:
    """An experiment of 24 runs whose values follow from their index; the last one is deleted."""
    client = mlflow.MlflowClient(tracking_uri=server.url)
    identifier = client.create_experiment(unique("search"))
    for index in range(COUNT):
        run = client.create_run(identifier, start_time=1_000 + index, run_name=f"run-{index:02}")
        client.log_batch(
            run.info.run_id,
            metrics=metrics_of(index),
            params=[Param("depth", str(index % 4)), Param("Optimizer name", f"Adam{index}")],
            tags=[RunTag("team", "red" if index % 2 else "blue"), RunTag("index", str(index))],
        )
        status = "FAILED" if index % 5 == 0 else "FINISHED"
        client.set_terminated(run.info.run_id, status=status, end_time=10_000 - index)
    last = client.search_runs([identifier], "tags.index = '23'")[0]
    client.delete_run(last.info.run_id)
    return identifier


def metrics_of(index: int) -> list[Metric]:
    """`loss` has an older, larger value that must not be found; only every third run has `f1`."""
    metrics = [Metric("loss", 1_000.0, 1, 0), Metric("loss", index / 10, 2, 1)]
    if index % 3 == 0:
        metrics.append(Metric("f1 score", float(-index), 1, 0))
    return metrics


def indices(runs) -> list[int]:
    return [int(run.data.tags["index"]) for run in runs]


def active(condition=lambda index: True) -> list[int]:
    return [index for index in range(COUNT - 1) if condition(index)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", active()),
        ("metrics.loss > 1.5", active(lambda i: i > 15)),
        ("metrics.loss >= 1.5", active(lambda i: i >= 15)),
        ("metrics.loss < 0.3", active(lambda i: i < 3)),
        ("metrics.loss <= 0.3", active(lambda i: i <= 3)),
        ("metrics.loss = 0.7", [7]),
        ("metrics.loss != 0.7", active(lambda i: i != 7)),
        ("metric.loss > 2.0 and metrics.loss < 2.2", [21]),
        ("metrics.`f1 score` < -10", active(lambda i: i % 3 == 0 and i > 10)),
        ('metrics."f1 score" != 0', active(lambda i: i % 3 == 0 and i)),
        ("params.depth = '2'", active(lambda i: i % 4 == 2)),
        ("param.depth != '2'", active(lambda i: i % 4 != 2)),
        ("parameters.`Optimizer name` LIKE 'Adam1_'", active(lambda i: 10 <= i < 20)),
        ("params.`Optimizer name` LIKE 'adam%'", []),
        ("params.`Optimizer name` ILIKE 'adam%'", active()),
        ("tags.team = 'red'", active(lambda i: i % 2 == 1)),
        ('tag.team != "red"', active(lambda i: i % 2 == 0)),
        ("tags.nobody = 'x'", []),
        ("tags.nobody != 'x'", []),
        ("attributes.status = 'FAILED'", active(lambda i: i % 5 == 0)),
        ("attribute.status != 'FAILED'", active(lambda i: i % 5)),
        ("start_time >= 1020", active(lambda i: i >= 20)),
        ("attr.end_time > 9990", active(lambda i: i < 10)),
        ("run_name = 'run-07'", [7]),
        ("attributes.`run name` LIKE 'run-0%'", active(lambda i: i < 10)),
        ("metrics.loss > 1 AND params.depth = '1' AND tags.team = 'red' AND status = 'FINISHED'",
         active(lambda i: i > 10 and i % 4 == 1 and i % 5)),
    ],
)  # fmt: skip
def test_filters(client, experiment_id, condition, expected):
    found = client.search_runs([experiment_id], condition, order_by=["start_time ASC"])
    assert indices(found) == expected


def test_filter_by_run_id_list(client, experiment_id):
    runs = client.search_runs([experiment_id], "tags.index LIKE '1%'", max_results=3)
    wanted = sorted(run.info.run_id for run in runs)
    listed = ", ".join(f"'{run_id}'" for run_id in wanted)
    found = client.search_runs([experiment_id], f"run_id IN ({listed})")
    assert sorted(run.info.run_id for run in found) == wanted
    rest = client.search_runs([experiment_id], f"attributes.run_id NOT IN ({listed})")
    assert len(rest) == COUNT - 1 - len(wanted)


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ([], sorted(active(), reverse=True)),
        (["start_time ASC"], active()),
        (["attributes.end_time ASC"], sorted(active(), reverse=True)),
        (["metrics.loss DESC"], sorted(active(), reverse=True)),
        (["params.depth ASC", "metrics.loss DESC"], sorted(active(), key=lambda i: (i % 4, -i))),
        (["tags.team", "start_time"], sorted(active(), key=lambda i: (i % 2, i))),
        # Runs without the metric come last, whatever the direction.
        (["metrics.`f1 score` ASC", "start_time ASC"],
         sorted(active(lambda i: i % 3 == 0), reverse=True) + active(lambda i: i % 3)),
        (["metrics.`f1 score` DESC", "start_time ASC"],
         active(lambda i: i % 3 == 0) + active(lambda i: i % 3)),
        (["run_name DESC"], sorted(active(), reverse=True)),
        (["status ASC", "start_time DESC"],
         sorted(active(), key=lambda i: (bool(i % 5), -i))),
    ],
)  # fmt: skip
def test_orders(client, experiment_id, order_by, expected):
    assert indices(client.search_runs([experiment_id], order_by=order_by)) == expected


def test_a_found_run_is_whole(client, experiment_id):
    found = client.search_runs([experiment_id], "tags.index = '9'")[0]
    assert found.data.metrics == {"loss": 0.9, "f1 score": -9.0}
    assert found.data.params == {"depth": "1", "Optimizer name": "Adam9"}
    assert found.data.tags["team"] == "red"
    assert found.info == client.get_run(found.info.run_id).info


def test_view_types(client, experiment_id):
    def count(view_type):
        return len(client.search_runs([experiment_id], run_view_type=view_type))

    assert count(ViewType.ACTIVE_ONLY) == COUNT - 1
    assert count(ViewType.DELETED_ONLY) == 1
    assert count(ViewType.ALL) == COUNT


def test_pages_to_the_end(client, experiment_id):
    pages, token = [], None
    while True:
        page = client.search_runs(
            [experiment_id], order_by=["metrics.loss ASC"], max_results=10, page_token=token
        )
        pages.append(indices(page))
        token = page.token
        if not token:
            break
    assert pages == [active()[:10], active()[10:20], active()[20:]]


def test_a_last_full_page_has_no_token(client, experiment_id):
    page = client.search_runs([experiment_id], max_results=COUNT - 1)
    assert len(page) == COUNT - 1
    assert not page.token


def test_several_experiments_at_once(client, experiment_id, run):
    found = client.search_runs([experiment_id, run.info.experiment_id, "99999999"])
    assert len(found) == COUNT


def test_search_runs_as_a_data_frame(experiment_id):
    frame = mlflow.search_runs([experiment_id], "metrics.loss < 0.5", order_by=["metrics.loss ASC"])
    assert list(frame["metrics.loss"]) == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert list(frame["params.depth"]) == ["0", "1", "2", "3", "0"]
    assert list(frame["tags.index"]) == ["0", "1", "2", "3", "4"]
    assert list(frame["status"]) == ["FAILED", "FINISHED", "FINISHED", "FINISHED", "FINISHED"]


def test_filter_by_dataset(client, experiment):
    name = unique("dataset")
    dataset = mlflow.data.from_pandas(pandas.DataFrame({"x": [1]}), name=name)
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="validation")
    with mlflow.start_run():
        pass
    for condition in (
        f"dataset.name = '{name}'",
        f"datasets.digest = '{dataset.digest}'",
        "dataset.context LIKE 'valid%'",
    ):
        found = client.search_runs([experiment.experiment_id], condition)
        assert [r.info.run_id for r in found] == [run.info.run_id]


@pytest.mark.parametrize(
    "condition",
    [
        "metrics.loss >",
        "metrics.loss > 'text'",
        "metrics.loss LIKE '1'",
        "params.depth > 2",
        "params.depth = 2",
        "tags.team = red",
        "unknown.key = 'x'",
        "attributes.nothing = 'x'",
        "status = 'x' garbage",
        "tags.team = 'a'; DROP TABLE runs",
    ],
)
def test_a_bad_filter_is_refused(client, experiment_id, condition):
    with pytest.raises(RestException) as refused:
        client.search_runs([experiment_id], condition)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_bad_page_token_is_refused(client, experiment_id):
    with pytest.raises(RestException) as refused:
        client.search_runs([experiment_id], page_token="not a token")
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("max_results", [0, -1, 50_001])
def test_a_page_size_out_of_bounds_is_refused(client, experiment_id, max_results):
    with pytest.raises(RestException) as refused:
        client.search_runs([experiment_id], max_results=max_results)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
