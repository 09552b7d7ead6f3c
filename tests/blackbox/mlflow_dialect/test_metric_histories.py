"""Histories of metrics in bulk, and samples of them, as pages ask for them."""

import math

import pytest
from support.http import MLFLOW_AGENT, Api

from .conftest import unique

HINT = "See the API docs for more information about request parameters."
BULK = "metrics/get-history-bulk"
INTERVAL = "metrics/get-history-bulk-interval"


@pytest.fixture
def ajax(tracking_uri: str) -> Api:
    """For paths that only pages have."""
    return Api(f"{tracking_uri}/ajax-api/2.0/mlflow", MLFLOW_AGENT)


def log(api: Api, run_id: str, points: list[tuple]) -> None:
    metrics = [
        {"key": "m", "step": step, "timestamp": timestamp, "value": value}
        for step, timestamp, value in points
    ]
    answer = api.post("runs/log-batch", {"run_id": run_id, "metrics": metrics})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def runs(client, experiment) -> list[str]:
    """The ids of two runs, in order."""
    created = [client.create_run(experiment.experiment_id) for _ in range(2)]
    return sorted(run.info.run_id for run in created)


def shown(answer) -> list[tuple]:
    assert answer.status_code == 200, answer.text
    points = answer.json().get("metrics", [])
    assert all(point["key"] == "m" for point in points)
    return [(p["run_id"], p["step"], p["timestamp"], p["value"]) for p in points]


def assert_refused(answer, message: str) -> None:
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert (body["error_code"], body["message"]) == ("INVALID_PARAMETER_VALUE", message)


def test_bulk_goes_run_by_run(api, ajax, runs):
    first, second = runs
    log(api, first, [(3, 5, 1.0), (1, 7, 2.0), (-1, 5, "NaN")])
    log(api, second, [(0, 1, 0.5), (0, 1, 0.25)])
    query = {"run_id": [second, "unknown", first, second], "metric_key": "m"}
    points = shown(ajax.get(BULK, params=query))
    assert math.isnan(points[0][3])
    assert [point[:3] for point in points] == [
        (first, -1, 5),
        (first, 3, 5),
        (first, 1, 7),
        (second, 0, 1),
        (second, 0, 1),
    ]
    assert len(shown(ajax.get(BULK, params={**query, "max_results": 4}))) == 4
    none = ajax.get(BULK, params={**query, "metric_key": unique("other")})
    assert none.json() == {"metrics": []}


def test_bulk_writes_nan_as_pages_read_it(api, ajax, run):
    log(api, run.info.run_id, [(0, 0, "NaN")])
    answer = ajax.get(BULK, params={"run_id": run.info.run_id, "metric_key": "m"})
    assert '"value":NaN' in answer.text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "GetMetricHistoryBulk request must specify at least one run_id."),
        ({"run_id": "r"}, "GetMetricHistoryBulk request must specify a metric_key."),
        (
            {"run_id": ["r"] * 101, "metric_key": "m"},
            "GetMetricHistoryBulk request cannot specify more than 100 run_ids. "
            "Received 101 run_ids.",
        ),
        (
            {"run_id": "r", "metric_key": "m", "max_results": "many"},
            "Invalid value 'many' for parameter 'max_results' supplied. "
            "It must be an integer that is not negative.",
        ),
    ],
)
def test_bulk_is_asked_well(ajax, query, message):
    assert_refused(ajax.get(BULK, params=query), message)


def test_bulk_is_for_pages(api):
    answer = api.get(BULK, params={"run_id": "r", "metric_key": "m"})
    assert answer.status_code == 404


def test_a_sample_has_the_first_point_of_each_bucket_and_the_last(api, ajax, runs):
    first, second = runs
    log(api, first, [(step, 100 + step, step / 2) for step in range(10)])
    log(api, second, [(0, 1, 0.5)])
    query = {"run_ids": [second, first], "metric_key": "m"}
    for asked in (api, ajax):
        assert len(shown(asked.get(INTERVAL, params=query))) == 11
        points = shown(asked.get(INTERVAL, params={**query, "max_results": 3}))
        assert [point[:2] for point in points] == [(second, 0), (first, 0), (first, 4), (first, 9)]
        points = shown(asked.get(INTERVAL, params={**query, "max_results": 1}))
        assert [point[:2] for point in points] == [(second, 0), (first, 9)]
        some = {**query, "max_results": 2, "start_step": 3, "end_step": 7}
        points = shown(asked.get(INTERVAL, params=some))
        assert [point[:2] for point in points] == [(first, 3), (first, 7)]
    unknown = {"run_ids": "unknown", "metric_key": "m"}
    assert api.get(INTERVAL, params=unknown).json() == {}


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"run_ids": None}, f"Missing value for required parameter 'run_ids'. {HINT}"),
        ({"metric_key": ""}, f"Missing value for required parameter 'metric_key'. {HINT}"),
        (
            {"run_ids": ["r"] * 101},
            "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. "
            f"Received 101 run_ids. {HINT}",
        ),
        ({"max_results": 0}, f"max_results must be between 1 and 2500. {HINT}"),
        ({"max_results": 2501}, f"max_results must be between 1 and 2500. {HINT}"),
        ({"max_results": 10**20}, f"max_results must be between 1 and 2500. {HINT}"),
        (
            {"max_results": "x"},
            "Invalid value \"x\" for parameter 'max_results' supplied:  "
            f"Hint: Value was of type 'str'. {HINT}",
        ),
        (
            {"start_step": 1},
            "If either start step or end step are specified, both must be specified.",
        ),
        (
            {"start_step": 2, "end_step": 1},
            "end_step must be greater than start_step. Found start_step=2 and end_step=1.",
        ),
    ],
)
def test_a_sample_is_asked_for_well(api, extra, message):
    query = {"run_ids": ["r"], "metric_key": "m", **extra}
    assert_refused(api.get(INTERVAL, params=query), message)
