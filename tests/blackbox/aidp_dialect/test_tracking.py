"""Experiments, runs and batches through Oracle's own client."""

import math

import pytest
from support.aidp import ServiceError, models

from .expectations import assert_error


def metric(key: str, value: float, timestamp: int = 1, step: int = 0) -> dict:
    return {"key": key, "value": value, "timestamp": timestamp, "step": step}


def log_batch(tenant, run, **entries):
    return tenant.workspace_api.post("runs/log-batch", {"run_id": run.info.run_id, **entries})


def test_create_and_get_an_experiment(tenant):
    details = models.CreateExperimentDetails(
        name="Große Fahrt",
        artifact_location="s3://bucket/experiments",
        tags=[models.ExperimentTag(key="team", value="red")],
    )
    answer = tenant.sdk.create_experiment(tenant.platform, tenant.workspace, details)
    identifier = answer.data.experiment_id
    assert answer.headers["etag"]

    found = tenant.sdk.get_experiment_by_id(tenant.platform, tenant.workspace, identifier)
    experiment = found.data.experiment
    assert experiment.experiment_id == identifier
    assert experiment.name == "Große Fahrt"
    assert experiment.artifact_location == "s3://bucket/experiments"
    assert experiment.lifecycle_stage == "active"
    assert experiment.creation_time == experiment.last_update_time > 1_700_000_000_000
    assert [(item.key, item.value) for item in experiment.tags] == [("team", "red")]
    assert found.headers["etag"] == answer.headers["etag"]

    by_name = tenant.sdk.get_experiment_by_name(tenant.platform, tenant.workspace, "Große Fahrt")
    assert by_name.data.experiment == experiment


def test_a_taken_experiment_name_is_a_conflict(tenant):
    tenant.create_experiment("taken")
    answer = tenant.workspace_api.post("experiments/create", {"name": "taken"})
    assert_error(answer, 409, "Conflict", "taken")


def test_experiment_names_have_limits(tenant):
    answer = tenant.workspace_api.post("experiments/create", {"name": "🚢" * 500})
    assert answer.status_code == 200
    answer = tenant.workspace_api.post("experiments/create", {"name": "🚢" * 501})
    assert_error(answer, 400, "InvalidParameter", "name")
    answer = tenant.workspace_api.post("experiments/create", {"name": ""})
    assert_error(answer, 400, "InvalidParameter", "name")
    answer = tenant.workspace_api.post("experiments/create", {})
    assert_error(answer, 400, "MissingParameter", "name")


def test_an_unknown_experiment_is_not_found(tenant):
    for path, query in (
        ("experiments/get", {"experiment_id": "987654321"}),
        ("experiments/get-by-name", {"experiment_name": "nobody"}),
    ):
        answer = tenant.workspace_api.get(path, params=query)
        assert_error(answer, 404, "NotAuthorizedOrNotFound")


def test_workspaces_and_platforms_are_apart(tenant, other_tenant):
    identifier = tenant.create_experiment("mine")
    run = tenant.create_run(identifier)
    elsewhere = (
        (tenant.platform, "another"),
        (other_tenant.platform, tenant.workspace),
    )
    for platform, workspace in elsewhere:
        for lookup in (
            lambda p=platform, w=workspace: tenant.sdk.get_experiment_by_id(p, w, identifier),
            lambda p=platform, w=workspace: tenant.sdk.get_experiment_by_name(p, w, "mine"),
            lambda p=platform, w=workspace: tenant.sdk.get_experiment_run_by_id(
                p, w, run.info.run_id
            ),
        ):
            with pytest.raises(ServiceError) as missing:
                lookup()
            assert (missing.value.status, missing.value.code) == (404, "NotAuthorizedOrNotFound")
    other_tenant.create_experiment("mine")


def test_create_and_get_a_run(tenant):
    experiment_id = tenant.create_experiment()
    details = models.CreateExperimentRunDetails(
        experiment_id=experiment_id,
        run_name="first",
        start_time=1_700_000_000_123,
        tags=[models.ExperimentRunTag(key="team", value="red")],
    )
    answer = tenant.sdk.create_experiment_run(tenant.platform, tenant.workspace, details)
    created = answer.data.run
    assert answer.headers["etag"]
    assert len(created.info.run_id) == 32
    assert created.info.run_name == "first"
    assert created.info.experiment_id == experiment_id
    assert created.info.status == "RUNNING"
    assert created.info.start_time == 1_700_000_000_123
    assert created.info.end_time is None
    assert created.info.lifecycle_stage == "active"
    assert created.info.artifact_uri.endswith(f"/{created.info.run_id}/artifacts")
    assert {item.key: item.value for item in created.data.tags}["team"] == "red"

    found = tenant.get_run(created.info.run_id)
    assert found.info == created.info
    assert found.data == created.data


def test_a_run_in_an_unknown_experiment_is_refused(tenant):
    answer = tenant.workspace_api.post("runs/create", {"experiment_id": "987654321"})
    assert answer.status_code in (400, 404)
    assert answer.json()["code"] in (
        "NotAuthorizedOrNotFound",
        "RelatedResourceNotAuthorizedOrNotFound",
    )


def test_an_unknown_run_is_not_found(tenant):
    answer = tenant.workspace_api.get("runs/get", params={"run_id": "0" * 32})
    assert_error(answer, 404, "NotAuthorizedOrNotFound")
    answer = tenant.workspace_api.post("runs/log-batch", {"run_id": "0" * 32})
    assert_error(answer, 404, "NotAuthorizedOrNotFound")
    answer = tenant.workspace_api.get("runs/get")
    assert_error(answer, 400, "MissingParameter", "run_id")


def test_log_batch_through_the_client(tenant, run):
    details = models.LogExperimentRunBatchDetails(
        run_id=run.info.run_id,
        metrics=[
            models.ExperimentRunMetric(key="loss", value=0.5, timestamp=10, step=2),
            models.ExperimentRunMetric(key="loss", value=0.9, timestamp=20, step=1),
        ],
        params=[models.ExperimentRunParam(key="depth", value="3")],
        tags=[models.ExperimentRunTag(key="stage", value="final")],
    )
    answer = tenant.sdk.log_experiment_run_batch(tenant.platform, tenant.workspace, details)
    assert answer.status == 200
    data = tenant.get_run(run.info.run_id).data
    assert [(m.key, m.value, m.timestamp, m.step) for m in data.metrics] == [("loss", 0.5, 10, 2)]
    assert [(p.key, p.value) for p in data.params] == [("depth", "3")]
    assert {t.key: t.value for t in data.tags}["stage"] == "final"


def test_nan_and_infinities_as_the_client_sends_them(tenant, run):
    """The client writes bare NaN and Infinity into its JSON."""
    details = models.LogExperimentRunBatchDetails(
        run_id=run.info.run_id,
        metrics=[
            models.ExperimentRunMetric(key="nan", value=float("nan"), timestamp=1, step=0),
            models.ExperimentRunMetric(key="up", value=float("inf"), timestamp=1, step=0),
            models.ExperimentRunMetric(key="down", value=float("-inf"), timestamp=1, step=0),
        ],
    )
    tenant.sdk.log_experiment_run_batch(tenant.platform, tenant.workspace, details)
    values = {m.key: m.value for m in tenant.get_run(run.info.run_id).data.metrics}
    assert math.isnan(values["nan"])
    assert values["up"] > 1e308
    assert values["down"] < -1e308


def test_the_largest_batch(tenant, run):
    answer = log_batch(
        tenant,
        run,
        metrics=[metric(f"m{index}", index) for index in range(800)],
        params=[{"key": f"p{index}", "value": str(index)} for index in range(100)],
        tags=[{"key": f"t{index}", "value": str(index)} for index in range(100)],
    )
    assert answer.status_code == 200, answer.text
    data = tenant.get_run(run.info.run_id).data
    assert {m.key: m.value for m in data.metrics} == {f"m{i}": float(i) for i in range(800)}
    assert {p.key: p.value for p in data.params} == {f"p{i}": str(i) for i in range(100)}


@pytest.mark.parametrize(
    ("entries", "mention"),
    [
        ({"metrics": [metric("m", 1, step=index) for index in range(1001)]}, "metrics"),
        ({"params": [{"key": f"p{index}", "value": ""} for index in range(101)]}, "params"),
        ({"tags": [{"key": f"t{index}", "value": ""} for index in range(101)]}, "tags"),
        (
            {
                "metrics": [metric("m", 1, step=index) for index in range(950)],
                "params": [{"key": f"p{index}", "value": ""} for index in range(51)],
            },
            "1000",
        ),
        ({"metrics": [metric("k" * 251, 1)]}, "key"),
        ({"metrics": [{"key": "m", "timestamp": 1, "step": 0}]}, "value"),
        ({"metrics": [metric("m", "text")]}, "value"),
        ({"metrics": "text"}, "metrics"),
        ({"params": [{"key": "k" * 251, "value": ""}]}, "key"),
        ({"params": [{"key": "p", "value": "v" * 6001}]}, "value"),
        ({"params": [{"key": "p", "value": 1}]}, "value"),
        ({"tags": [{"key": "t", "value": "v" * 8001}]}, "value"),
        ({"tags": [{"key": "", "value": "v"}]}, "key"),
    ],
)
def test_a_batch_past_a_limit_changes_nothing(tenant, run, entries, mention):
    before = tenant.get_run(run.info.run_id).data
    answer = log_batch(tenant, run, **entries)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("InvalidParameter", "MissingParameter", "LimitExceeded")
    assert mention in answer.json()["message"]
    assert tenant.get_run(run.info.run_id).data == before


def test_the_longest_entries(tenant, run):
    answer = log_batch(
        tenant,
        run,
        metrics=[metric("m" * 250, 1)],
        params=[{"key": "p" * 250, "value": "ü" * 6000}],
        tags=[{"key": "t" * 250, "value": "ü" * 8000}],
    )
    assert answer.status_code == 200, answer.text
    data = tenant.get_run(run.info.run_id).data
    assert data.params[0].value == "ü" * 6000
    assert {t.key: t.value for t in data.tags}["t" * 250] == "ü" * 8000


def test_a_param_keeps_its_first_value(tenant, run):
    assert log_batch(tenant, run, params=[{"key": "p", "value": "1"}]).status_code == 200
    assert log_batch(tenant, run, params=[{"key": "p", "value": "1"}]).status_code == 200
    answer = log_batch(tenant, run, params=[{"key": "p", "value": "2"}])
    assert answer.status_code in (400, 409)
    assert "p" in answer.json()["message"]
    assert [p.value for p in tenant.get_run(run.info.run_id).data.params] == ["1"]


def test_an_empty_batch_is_fine(tenant, run):
    assert log_batch(tenant, run).status_code == 200
