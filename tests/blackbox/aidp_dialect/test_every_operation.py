"""Each operation of the contract once, through Oracle's own client, with what it leaves behind."""

import json
import math

import pytest
from support.aidp import ServiceError, models, tag


def pairs(items) -> dict[str, str]:
    return {item.key: item.value for item in items}


def run_tag(key: str, value: str) -> models.ExperimentRunTag:
    return models.ExperimentRunTag(key=key, value=value)


@pytest.fixture
def experiment(tenant) -> str:
    return tenant.create_experiment()


@pytest.fixture
def in_workspace(tenant):
    """Calls an operation of the tenant's workspace and gives the whole answer."""

    def call(operation: str, *arguments, **options):
        method = getattr(tenant.sdk, operation)
        answer = method(tenant.platform, tenant.workspace, *arguments, **options)
        assert answer.status == 200
        assert answer.headers["opc-request-id"]
        return answer

    return call


@pytest.fixture
def in_platform(tenant):
    """Calls an operation of the tenant's platform and gives the whole answer."""

    def call(operation: str, *arguments, **options):
        answer = getattr(tenant.sdk, operation)(tenant.platform, *arguments, **options)
        assert answer.status == 200
        assert answer.headers["opc-request-id"]
        return answer

    return call


def test_experiments(tenant, in_workspace, experiment):
    def etag() -> str:
        return in_workspace("get_experiment_by_id", experiment).headers["etag"]

    seen = [etag()]

    def change(operation: str, details) -> None:
        answer = in_workspace(operation, details)
        seen.append(answer.headers["etag"])
        assert seen[-1] == etag()

    change(
        "set_experiment_tag",
        models.SetExperimentTagDetails(experiment_id=experiment, key="a", value="1"),
    )
    change(
        "update_experiment_tags",
        models.UpdateExperimentTagsDetails(
            experiment_id=experiment,
            set_tags=[models.ExperimentTag(key="b", value="2")],
            delete_tags=[models.ExperimentTagKey(key="a")],
        ),
    )
    assert pairs(in_workspace("get_experiment_by_id", experiment).data.experiment.tags) == {
        "b": "2"
    }
    change(
        "delete_experiment_tag",
        models.DeleteExperimentTagDetails(experiment_id=experiment, key="b"),
    )
    change(
        "update_experiment",
        models.UpdateExperimentDetails(experiment_id=experiment, new_name="renamed"),
    )
    by_name = in_workspace("get_experiment_by_name", "renamed").data.experiment
    assert (by_name.experiment_id, by_name.tags) == (experiment, [])

    change("delete_experiment", models.DeleteExperimentDetails(experiment_id=experiment))
    deleted = in_workspace("get_experiment_by_id", experiment).data.experiment
    assert deleted.lifecycle_stage == "deleted"
    change("restore_experiment", models.RestoreExperimentDetails(experiment_id=experiment))
    assert len(set(seen)) == len(seen)


def test_experiments_are_listed_by_view_filter_and_order(tenant, in_workspace):
    ids = {name: tenant.create_experiment(name) for name in ("alpha", "beta", "gamma")}
    in_workspace("delete_experiment", models.DeleteExperimentDetails(experiment_id=ids["beta"]))

    def names(**search) -> list[str]:
        details = models.ListExperimentsDetails(**search)
        found = in_workspace("list_experiments", details).data.experiments
        return [item.name for item in found if item.name != "Default"]

    assert names(order_by=["name ASC"]) == ["alpha", "gamma"]
    assert names(order_by=["name DESC"], view_type="ALL") == ["gamma", "beta", "alpha"]
    assert names(view_type="DELETED_ONLY") == ["beta"]
    assert names(filter="name LIKE 'al%'") == ["alpha"]


def test_permanent_deletion(tenant, in_workspace, experiment):
    run = tenant.create_run(experiment).info.run_id
    forever = models.DeleteExperimentDetails(experiment_id=experiment, is_permanent=True)
    with pytest.raises(ServiceError) as refused:
        in_workspace("delete_experiment", forever)
    assert (refused.value.status, refused.value.code) == (409, "Conflict")
    in_workspace(
        "delete_experiment_run", models.DeleteExperimentRunDetails(run_id=run, is_permanent=True)
    )
    in_workspace("delete_experiment", forever)
    for lookup in (
        lambda: in_workspace("get_experiment_run_by_id", run),
        lambda: in_workspace("get_experiment_by_id", experiment),
    ):
        with pytest.raises(ServiceError) as missing:
            lookup()
        assert missing.value.status == 404


def test_runs(tenant, in_workspace, experiment):
    run = tenant.create_run(experiment).info.run_id
    seen = [in_workspace("get_experiment_run_by_id", run).headers["etag"]]

    def change(operation: str, details):
        answer = in_workspace(operation, details)
        seen.append(answer.headers["etag"])
        return answer.data

    change(
        "set_experiment_run_tag",
        models.SetExperimentRunTagDetails(run_id=run, key="a", value="1"),
    )
    change(
        "update_experiment_run_tags",
        models.UpdateExperimentRunTagsDetails(
            run_id=run,
            set_tags=[run_tag("b", "2"), run_tag("c", "3")],
            delete_tags=[models.ExperimentRunTagKey(key="a")],
        ),
    )
    change("delete_experiment_run_tag", models.DeleteExperimentRunTagDetails(run_id=run, key="b"))
    tags = pairs(tenant.get_run(run).data.tags)
    assert (tags.get("a"), tags.get("b"), tags["c"]) == (None, None, "3")

    info = change(
        "update_experiment_run",
        models.UpdateExperimentRunDetails(
            run_id=run, status="FINISHED", end_time=1_700_000_000_999, run_name="renamed"
        ),
    ).run_info
    assert (info.status, info.end_time, info.run_name) == (
        "FINISHED",
        1_700_000_000_999,
        "renamed",
    )
    assert tenant.get_run(run).info == info

    change("delete_experiment_run", models.DeleteExperimentRunDetails(run_id=run))
    assert tenant.get_run(run).info.lifecycle_stage == "deleted"
    change("restore_experiment_run", models.RestoreExperimentRunDetails(run_id=run))
    assert tenant.get_run(run).info.lifecycle_stage == "active"
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("status", ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"])
def test_every_status_of_a_run(tenant, in_workspace, run, status):
    details = models.UpdateExperimentRunDetails(run_id=run.info.run_id, status=status)
    info = in_workspace("update_experiment_run", details).data.run_info
    assert info.status == tenant.get_run(run.info.run_id).info.status == status


def test_an_internal_error_is_a_failure(in_workspace, run):
    details = models.UpdateExperimentRunDetails(run_id=run.info.run_id, status="INTERNAL_ERROR")
    assert in_workspace("update_experiment_run", details).data.run_info.status == "FAILED"


def test_runs_are_listed_by_view_filter_and_order(tenant, in_workspace, experiment):
    runs = {}
    for index, name in enumerate(("alpha", "beta", "gamma")):
        runs[name] = tenant.create_run(experiment, run_name=name).info.run_id
        metric = models.LogExperimentRunMetricDetails(
            run_id=runs[name], key="loss", value=index / 2, timestamp=1
        )
        in_workspace("log_experiment_run_metric", metric)
    in_workspace("delete_experiment_run", models.DeleteExperimentRunDetails(run_id=runs["gamma"]))

    def names(**search) -> list[str]:
        details = models.ListExperimentRunsDetails(experiment_ids=[experiment], **search)
        found = in_workspace("list_experiment_runs", details).data.runs
        return [item.info.run_name for item in found]

    assert names(order_by=["metrics.loss DESC"]) == ["beta", "alpha"]
    assert names(order_by=["metrics.loss ASC"], run_view_type="ALL") == ["alpha", "beta", "gamma"]
    assert names(run_view_type="DELETED_ONLY") == ["gamma"]
    assert names(filter="metrics.loss < 0.25") == ["alpha"]
    nowhere = models.ListExperimentRunsDetails()
    assert in_workspace("list_experiment_runs", nowhere).data.runs == []


def test_what_runs_log(tenant, in_workspace, run):
    run_id = run.info.run_id
    for step, value in enumerate((0.5, math.nan, 0.25)):
        metric = models.LogExperimentRunMetricDetails(
            run_id=run_id, key="loss", value=value, timestamp=10 + step, step=step
        )
        in_workspace("log_experiment_run_metric", metric)
    in_workspace(
        "log_experiment_run_param",
        models.LogExperimentRunParamDetails(run_id=run_id, key="depth", value="3"),
    )
    dataset = models.Dataset(
        name="iris",
        digest="abc",
        source_type="local",
        source="{}",
        schema='{"columns": []}',
        profile='{"rows": 150}',
    )
    context = models.InputTag(key="mlflow.data.context", value="training")
    in_workspace(
        "log_experiment_run_inputs",
        models.LogExperimentRunInputsDetails(
            run_id=run_id, dataset_inputs=[models.DatasetInput(dataset=dataset, tags=[context])]
        ),
    )
    description = {
        "artifact_path": "model",
        "flavors": {"python_function": {}},
        "utc_time_created": "2026-01-01 00:00:00.000000",
        "run_id": run_id,
    }
    in_workspace(
        "log_experiment_run_model",
        models.LogExperimentRunModelDetails(run_id=run_id, model_json=json.dumps(description)),
    )

    found = tenant.get_run(run_id)
    assert [(m.key, m.value, m.step) for m in found.data.metrics] == [("loss", 0.25, 2)]
    assert pairs(found.data.params) == {"depth": "3"}
    assert found.inputs.dataset_inputs[0].dataset == dataset
    assert found.inputs.dataset_inputs[0].tags == [context]
    history = json.loads(pairs(found.data.tags)["mlflow.log-model.history"])
    assert [entry["artifact_path"] for entry in history] == ["model"]


def test_the_history_of_a_metric(in_workspace, run):
    run_id = run.info.run_id
    points = [
        models.ExperimentRunMetric(key="loss", value=float(step), timestamp=step, step=step)
        for step in range(7)
    ]
    points.append(models.ExperimentRunMetric(key="loss", value=math.nan, timestamp=7, step=7))
    in_workspace(
        "log_experiment_run_batch",
        models.LogExperimentRunBatchDetails(run_id=run_id, metrics=points),
    )
    everything = in_workspace("get_experiment_run_metric_history", run_id, "loss").data
    assert [metric.step for metric in everything.metrics] == list(range(8))
    assert math.isnan(everything.metrics[-1].value)
    assert everything.next_page_token is None

    steps, options = [], {}
    while True:
        page = in_workspace(
            "get_experiment_run_metric_history", run_id, "loss", max_results=3, **options
        )
        steps.append([metric.step for metric in page.data.metrics])
        options = {"page_token": page.data.next_page_token}
        assert page.headers.get("opc-next-page") == page.data.next_page_token
        if not page.data.next_page_token:
            break
    assert steps == [[0, 1, 2], [3, 4, 5], [6, 7]]
    unknown = in_workspace("get_experiment_run_metric_history", run_id, "nothing").data
    assert unknown.metrics == []


def test_artifacts_of_a_run_without_any(in_workspace, run):
    listing = in_workspace("list_artifacts", run.info.run_id).data
    assert listing.root_uri == run.info.artifact_uri
    assert listing.files == []


def test_logged_models_of_a_workspace_without_any(in_workspace, experiment):
    details = models.ListLoggedModelsDetails(
        experiment_ids=[experiment],
        order_by=[models.LoggedModelOrder(field_name="creation_time", ascending=False)],
    )
    assert in_workspace("list_logged_models", details).data.models == []


def test_registered_models(tenant, in_platform, model):
    seen = [in_platform("get_registered_model", "m").headers["etag"]]

    def change(operation: str, details):
        answer = in_platform(operation, details)
        seen.append(answer.headers["etag"])
        return answer.data

    change(
        "set_registered_model_tag",
        models.SetRegisteredModelTagDetails(name="m", key="a", value="1"),
    )
    change(
        "update_registered_model_tags",
        models.UpdateRegisteredModelTagsDetails(
            name="m",
            set_tags=[models.RegisteredModelTag(key="b", value="2")],
            delete_tags=[models.RegisteredModelTagKey(key="nothing")],
        ),
    )
    change(
        "delete_registered_model_tag",
        models.DeleteRegisteredModelTagDetails(name="m", key="a"),
    )
    updated = change(
        "update_registered_model",
        models.UpdateRegisteredModelDetails(
            name="m", description="words", deployment_job_id="job-1"
        ),
    ).registered_model
    assert (updated.description, updated.deployment_job_id) == ("words", "job-1")
    assert updated.deployment_job_state == "NOT_SET_UP"
    assert pairs(updated.tags) == {"b": "2"}
    kept = change(
        "update_registered_model",
        models.UpdateRegisteredModelDetails(name="m", deployment_job_id="job-2"),
    ).registered_model
    assert (kept.description, kept.deployment_job_id) == ("words", "job-2")
    assert len(set(seen)) == len(seen)


def test_a_rename_takes_everything_along(tenant, in_platform, model):
    tenant.create_version(tags=[tag("a", "1")])
    answer = in_platform(
        "rename_registered_model", models.RenameRegisteredModelDetails(name="m", new_name="c.s.n")
    )
    assert answer.data.registered_model.name == "c.s.n"
    assert "etag" not in answer.headers
    assert pairs(tenant.get_version("1", "c.s.n").tags) == {"a": "1"}
    with pytest.raises(ServiceError) as missing:
        tenant.get_version("1")
    assert missing.value.status == 404
    tenant.create_model("taken")
    with pytest.raises(ServiceError) as conflict:
        in_platform(
            "rename_registered_model",
            models.RenameRegisteredModelDetails(name="c.s.n", new_name="taken"),
        )
    assert (conflict.value.status, conflict.value.code) == (409, "Conflict")


def test_registered_models_are_listed_by_filter_and_order(tenant, in_platform):
    for name in ("c.s.alpha", "c.s.beta", "c.t.gamma"):
        tenant.create_model(name)
    tenant.create_version("c.s.beta")
    tenant.create_version("c.s.beta")

    def listed(**search) -> list[models.RegisteredModel]:
        return in_platform("list_registered_models", **search).data.registered_models

    def names(**search) -> list[str]:
        return [item.name for item in listed(**search)]

    assert names() == ["c.s.alpha", "c.s.beta", "c.t.gamma"]
    assert names(order_by="name DESC") == ["c.t.gamma", "c.s.beta", "c.s.alpha"]
    # Its versions made `beta` the last to change, or one of several in that millisecond.
    times = {item.name: item.last_updated_timestamp for item in listed()}
    by_time = sorted(times, key=lambda name: (-times[name], name))
    assert names(order_by="last_updated_timestamp DESC, name") == by_time
    assert times["c.s.beta"] == max(times.values())
    assert names(filter="name LIKE 's.'") == ["c.s.alpha", "c.s.beta"]
    assert names(filter="name = 'c.t.gamma'") == ["c.t.gamma"]

    page = in_platform("list_registered_models", max_results=2)
    assert len(page.data.registered_models) == 2
    assert page.headers["opc-next-page"] == page.data.next_page_token
    rest = in_platform("list_registered_models", page_token=page.data.next_page_token)
    assert [item.name for item in rest.data.registered_models] == ["c.t.gamma"]

    plain = in_platform("list_registered_models").data.registered_models[0]
    assert plain.deployment_summary is None
    answer = in_platform("list_registered_models", is_deployment_summary_enabled=True)
    summary = answer.data.registered_models[0].deployment_summary
    assert (summary.total_deployment, summary.active_deployment) == (0, 0)

    counts = in_platform("get_registered_model_summary", "c", "s").data
    assert (counts.registered_models_count, counts.model_versions_count) == (2, 2)
    assert (counts.model_deployments_count, counts.active_deployment_count) == (0, 0)
    nothing = in_platform("get_registered_model_summary", "c", "u").data
    assert (nothing.registered_models_count, nothing.model_versions_count) == (0, 0)


def test_model_versions(tenant, in_platform, model):
    tenant.create_version()
    seen = [in_platform("get_model_version", "m", "1").headers["etag"]]

    def change(operation: str, details):
        answer = in_platform(operation, details)
        seen.append(answer.headers["etag"])
        return answer.data

    change(
        "set_model_version_tag",
        models.SetModelVersionTagDetails(name="m", version="1", key="a?", value="1"),
    )
    change(
        "update_model_version_tags",
        models.UpdateModelVersionTagsDetails(
            name="m",
            version="1",
            set_tags=[tag("b", "2")],
            delete_tags=[models.ModelVersionTagKey(key="nothing")],
        ),
    )
    change(
        "delete_model_version_tag",
        models.DeleteModelVersionTagDetails(name="m", version="1", key="a?"),
    )
    updated = change(
        "update_model_version",
        models.UpdateModelVersionDetails(name="m", version="1", description="words"),
    ).model_version
    assert (updated.description, pairs(updated.tags)) == ("words", {"b": "2"})
    moved = change(
        "transition_model_version_stage",
        models.TransitionModelVersionStageDetails(
            name="m", version="1", stage="Staging", archive_existing_versions=False
        ),
    ).model_version
    assert moved.current_stage == "Staging"
    assert len(set(seen)) == len(seen)

    tenant.create_version()
    in_platform(
        "transition_model_version_stage",
        models.TransitionModelVersionStageDetails(
            name="m", version="2", stage="staging", archive_existing_versions=True
        ),
    )
    stages = {version.version: version.current_stage for version in tenant.versions()}
    assert stages == {"1": "Archived", "2": "Staging"}


def test_model_versions_are_listed_by_filter_and_order(tenant, in_platform):
    for name in ("alpha", "beta"):
        tenant.create_model(name)
        for _ in range(2):
            tenant.create_version(name)

    def found(**search) -> list[tuple[str, str]]:
        versions = in_platform("list_model_versions", **search).data.model_versions
        return [(version.name, version.version) for version in versions]

    assert found(order_by="name, version_number DESC") == [
        ("alpha", "2"),
        ("alpha", "1"),
        ("beta", "2"),
        ("beta", "1"),
    ]
    tenant.sdk.transition_model_version_stage(
        tenant.platform,
        models.TransitionModelVersionStageDetails(
            name="alpha", version="1", stage="Staging", archive_existing_versions=False
        ),
    )
    assert found(order_by="stage DESC, name, version")[:2] == [("alpha", "1"), ("alpha", "2")]
    assert found(filter="name LIKE 'et'", order_by="version_number") == [
        ("beta", "1"),
        ("beta", "2"),
    ]


def test_the_deployment_job_of_a_version(tenant):
    tenant.create_model("m", deployment_job_id="job-1")
    tenant.create_version()
    state = tenant.get_version("1").deployment_job_state
    assert (state.job_id, state.job_state) == ("job-1", "NOT_SET_UP")
    assert state.run_state == "NO_VALID_DEPLOYMENT_JOB_FOUND"
    assert (state.run_id, state.current_task_name) == (None, None)


def test_a_precondition_protects_a_change(tenant, model):
    first = tenant.platform_api.get("registered-models/get", params={"name": "m"}).headers["etag"]
    body = {"name": "m", "description": "mine"}
    headers = {"if-match": first}
    changed = tenant.platform_api.post("registered-models/update", body, headers=headers)
    assert changed.status_code == 200
    late = tenant.platform_api.post("registered-models/update", body, headers=headers)
    assert (late.status_code, late.json()["code"]) == (412, "NoEtagMatch")
    current = {"if-match": changed.headers["etag"]}
    assert (
        tenant.platform_api.post("registered-models/update", body, headers=current).status_code
        == 200
    )
