"""Answers and errors by hand: the exact JSON that the reference sends for the main job."""

import pytest
from support.http import MLFLOW_AGENT, Api

from .conftest import unique

TIMES = ("creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp",
         "creation_timestamp_ms", "last_updated_timestamp_ms")  # fmt: skip
HINT = "See the API docs for more information about request parameters."


def without_times(value):
    """The same JSON with its server-made times replaced, each checked to be one."""
    if isinstance(value, list):
        return [without_times(item) for item in value]
    if not isinstance(value, dict):
        return value
    for key in TIMES:
        assert value.get(key, 1_700_000_000_000) >= 1_700_000_000_000
    return {key: "time" if key in TIMES else without_times(item) for key, item in value.items()}


def missing(parameter: str) -> str:
    return f"Missing value for required parameter '{parameter}'. {HINT}"


def invalid(value: str, parameter: str, kind: str) -> str:
    hint = f"Hint: Value was of type '{kind}'. {HINT}"
    return f"Invalid value {value} for parameter '{parameter}' supplied:  {hint}"


def assert_refused(answer, status: int, code: str, message: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (body["error_code"], body["message"]) == (code, message)


def test_an_experiment(api):
    name = unique("wire")
    created = api.post("experiments/create", {"name": name, "tags": [{"key": "a", "value": "b"}]})
    assert list(created.json()) == ["experiment_id"]
    identifier = created.json()["experiment_id"]
    expected = {
        "experiment_id": identifier,
        "name": name,
        "artifact_location": f"mlflow-artifacts:/{identifier}",
        "lifecycle_stage": "active",
        "last_update_time": "time",
        "creation_time": "time",
        "tags": [{"key": "a", "value": "b"}],
        "workspace": "default",
    }
    for answer in (
        api.get("experiments/get", params={"experiment_id": identifier}),
        api.get("experiments/get-by-name", params={"experiment_name": name}),
    ):
        assert without_times(answer.json()) == {"experiment": expected}
    search = {"max_results": 1, "filter": f"name = '{name}'"}
    for answer in (
        api.post("experiments/search", search),
        api.get("experiments/search", params=search),
    ):
        assert without_times(answer.json()) == {"experiments": [expected]}


def test_a_run(api, experiment):
    identifier = experiment.experiment_id
    body = {"experiment_id": identifier, "start_time": "123", "run_name": "r", "user_id": "u"}
    run = api.post("runs/create", body).json()["run"]
    run_id = run["info"]["run_id"]
    info = {
        "run_uuid": run_id,
        "experiment_id": identifier,
        "run_name": "r",
        "user_id": "u",
        "status": "RUNNING",
        "start_time": 123,
        "artifact_uri": f"mlflow-artifacts:/{identifier}/{run_id}/artifacts",
        "lifecycle_stage": "active",
        "run_id": run_id,
    }
    tags = [{"key": "mlflow.runName", "value": "r"}]
    assert run == {"info": info, "data": {"tags": tags}, "inputs": {}}
    found = api.get("runs/get", params={"run_id": run_id}).json()["run"]
    assert found == {"info": info, "data": {"tags": tags}, "inputs": {}, "outputs": {}}

    update = {"run_id": run_id, "status": "FINISHED", "end_time": 456}
    answer = api.post("runs/update", update).json()
    assert answer == {"run_info": {**info, "status": "FINISHED", "end_time": 456}}


def test_metrics_of_a_run(api, run):
    point = {"run_id": run.info.run_id, "key": "m"}
    first = {**point, "value": "NaN", "timestamp": "5", "step": "7"}
    assert api.post("runs/log-metric", first).json() == {}
    assert api.post("runs/log-metric", {**point, "value": 1.5, "timestamp": 5}).json() == {}
    query = {"run_id": run.info.run_id, "metric_key": "m"}
    assert api.get("metrics/get-history", params=query).json() == {
        "metrics": [
            {"key": "m", "value": 1.5, "timestamp": 5, "step": 0},
            {"key": "m", "value": "NaN", "timestamp": 5, "step": 7},
        ]
    }
    nothing = {"run_id": run.info.run_id, "metric_key": "nothing"}
    assert api.get("metrics/get-history", params=nothing).json() == {}


def test_a_search_that_finds_nothing_is_an_empty_object(api, experiment):
    body = {"experiment_ids": [experiment.experiment_id]}
    assert api.post("runs/search", body).json() == {}
    query = {"filter": "name = 'nobody at all'"}
    assert api.get("registered-models/search", params=query).json() == {}
    assert api.get("model-versions/search", params=query).json() == {}


def test_a_registered_model_with_a_version(api, model_name):
    tags = [{"key": "a", "value": "b"}]
    model = {
        "name": model_name,
        "creation_timestamp": "time",
        "last_updated_timestamp": "time",
        "tags": tags,
    }
    created = api.post("registered-models/create", {"name": model_name, "tags": tags}).json()
    assert without_times(created) == {"registered_model": model}

    api.post("model-versions/create", {"name": model_name, "source": "s3://b/x"})
    alias = {"name": model_name, "alias": "champion"}
    assert api.post("registered-models/alias", {**alias, "version": "1"}).json() == {}
    version = {
        "name": model_name,
        "version": "1",
        "creation_timestamp": "time",
        "last_updated_timestamp": "time",
        "current_stage": "None",
        "description": "",
        "source": "s3://b/x",
        "run_id": "",
        "status": "READY",
        "run_link": "",
    }
    found = api.get("registered-models/alias", params=alias).json()
    assert without_times(found) == {"model_version": {**version, "aliases": ["champion"]}}
    found = api.get("registered-models/get", params={"name": model_name}).json()
    assert without_times(found) == {
        "registered_model": {
            **model,
            "latest_versions": [version],
            "aliases": [{"alias": "champion", "version": "1"}],
        }
    }
    gone = {"name": model_name, "version": "1"}
    assert api.send("DELETE", "model-versions/delete", json=gone).json() == {}


def test_a_logged_model(api, experiment):
    body = {"experiment_id": experiment.experiment_id, "name": "lm", "model_type": "t"}
    model = api.post("logged-models", body).json()["model"]
    model_id = model["info"]["model_id"]
    location = experiment.artifact_location
    assert without_times(model) == {
        "info": {
            "model_id": model_id,
            "experiment_id": experiment.experiment_id,
            "name": "lm",
            "creation_timestamp_ms": "time",
            "last_updated_timestamp_ms": "time",
            "artifact_uri": f"{location}/models/{model_id}/artifacts",
            "status": "LOGGED_MODEL_PENDING",
            "model_type": "t",
            "source_run_id": "",
        },
        "data": {},
    }


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("experiments/create", {}, missing("name")),
        ("experiments/create", {"name": ""}, missing("name")),
        ("experiments/create", {"name": 5}, invalid("5", "name", "int")),
        ("experiments/create", {"name": "x" * 501},
         "'name' exceeds the maximum length of 500 characters"),
        ("experiments/search", {},
         "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"),
        ("runs/search", {"max_results": 50_001}, invalid("50001", "max_results", "int")),
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}, missing("run_id")),
        ("runs/set-tag", {"run_id": "r", "value": "1"}, missing("key")),
        ("runs/log-batch", {"run_id": "r", "metrics": "x"}, invalid('"x"', "metrics", "str")),
        ("registered-models/create", {"name": "a/b"},
         "Invalid model name 'a/b'. Names cannot contain '/' or ':'."),
        ("model-versions/create", {"name": "m"}, missing("source")),
        ("registered-models/alias", {"name": "m", "alias": "latest", "version": "1"},
         "'latest' alias name (case insensitive) is reserved."),
    ],
)  # fmt: skip
def test_refusals(api, path, body, message):
    assert_refused(api.post(path, body), 400, "INVALID_PARAMETER_VALUE", message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"value": 1.5, "timestamp": 5}, missing("key")),
        ({"key": "m", "timestamp": 5}, missing("value")),
        ({"key": "m", "value": 1.5}, missing("timestamp")),
        ({"key": "m", "value": "x", "timestamp": 5}, invalid('"x"', "value", "str")),
    ],
)
def test_refused_metrics(api, run, body, message):
    answer = api.post("runs/log-metric", {"run_id": run.info.run_id, **body})
    assert_refused(answer, 400, "INVALID_PARAMETER_VALUE", message)


def test_a_changed_param(api, run):
    body = {"run_id": run.info.run_id, "key": "p", "value": "1"}
    assert api.post("runs/log-parameter", body).json() == {}
    message = (
        "Changing param values is not allowed. Param with key='p' was already logged with"
        f" value='1' for run ID='{run.info.run_id}'. Attempted logging new value '2'."
    )
    answer = api.post("runs/log-parameter", {**body, "value": "2"})
    assert_refused(answer, 400, "INVALID_PARAMETER_VALUE", message)


def test_a_param_twice_in_one_batch(api, run):
    params = [{"key": "q", "value": "3"}, {"key": "q", "value": "4"}]
    message = (
        "Duplicate parameter keys have been submitted: ['q']. Please ensure the request contains"
        " only one param value per param key."
    )
    answer = api.post("runs/log-batch", {"run_id": run.info.run_id, "params": params})
    assert_refused(answer, 400, "INVALID_PARAMETER_VALUE", message)


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("experiments/get", {"experiment_id": "99999"}, "No Experiment with id=99999 exists"),
        ("runs/get", {"run_id": "nope"}, "Run with id=nope not found"),
        ("registered-models/get", {"name": "nope"}, "Registered Model with name=nope not found"),
        ("model-versions/get", {"name": "nope", "version": "9"},
         "Model Version (name=nope, version=9) not found"),
        ("logged-models/m-nope", {}, "Logged model with ID 'm-nope' not found."),
    ],
)  # fmt: skip
def test_what_is_not_there(api, path, query, message):
    answer = api.get(path, params=query)
    assert_refused(answer, 404, "RESOURCE_DOES_NOT_EXIST", message)


def test_a_run_in_an_experiment_that_is_not_there(api):
    answer = api.post("runs/create", {"experiment_id": "99999"})
    message = "No Experiment with id=99999 exists"
    assert_refused(answer, 404, "RESOURCE_DOES_NOT_EXIST", message)


def test_a_version_of_a_model_that_is_not_there(api):
    answer = api.post("model-versions/create", {"name": "nope", "source": "s3://b/x"})
    message = "Registered Model with name=nope not found"
    assert_refused(answer, 404, "RESOURCE_DOES_NOT_EXIST", message)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("/etc/passwd",
         "Invalid model version source: '/etc/passwd'. To use a local path as a model version"
         " source, the run_id request parameter has to be specified and the local path has to be"
         " contained within the artifact directory of the run specified by the run_id."),
        ("s3://b/../x",
         "Invalid model version source: 's3://b/../x'. If supplying a source as an http, https,"
         " local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be"
         " provided without relative path references present. Please provide an absolute path."),
    ],
)  # fmt: skip
def test_a_source_that_is_refused(api, registered_model, source, message):
    body = {"name": registered_model.name, "source": source}
    answer = api.post("model-versions/create", body)
    assert_refused(answer, 400, "INVALID_PARAMETER_VALUE", message)


def test_a_taken_name(api, registered_model):
    answer = api.post("registered-models/create", {"name": registered_model.name})
    message = f"Registered Model (name={registered_model.name}) already exists."
    assert_refused(answer, 400, "RESOURCE_ALREADY_EXISTS", message)


def test_another_content_type_is_refused(api):
    answer = api.send("POST", "runs/create", data="x", headers={"content-type": "text/plain"})
    message = "Bad Request. Content-Type must be one of ['application/json']."
    assert_refused(answer, 400, "INVALID_PARAMETER_VALUE", message)


def test_the_pages_of_the_interface_have_the_same_operations(tracking_uri, api, experiment):
    """/ajax-api answers as /api does."""
    query = {"experiment_id": experiment.experiment_id}
    twin = Api(f"{tracking_uri}/ajax-api/2.0/mlflow", MLFLOW_AGENT).get(
        "experiments/get", params=query
    )
    assert twin.json() == api.get("experiments/get", params=query).json()


@pytest.mark.parametrize(("path", "method"), [("nothing/at-all", "POST"), ("runs/get", "POST")])
def test_an_operation_that_does_not_exist(api, path, method):
    assert api.send(method, path, json={}).status_code in (404, 405)
