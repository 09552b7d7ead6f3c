"""Experiments through the stock MLflow client."""

import mlflow
import pytest
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException, RestException

from .conftest import unique


def test_the_default_experiment_is_there_from_the_start(client):
    default = client.get_experiment("0")
    assert default.name == "Default"
    assert default.lifecycle_stage == "active"


def test_set_experiment_creates_once_and_then_reuses():
    name = unique("reused")
    first = mlflow.set_experiment(name)
    second = mlflow.set_experiment(name)
    assert first.experiment_id == second.experiment_id
    assert second.name == name
    assert second.lifecycle_stage == "active"


def test_set_experiment_by_id(experiment):
    assert mlflow.set_experiment(experiment_id=experiment.experiment_id).name == experiment.name


def test_create_experiment_keeps_tags_location_and_times(client):
    name = unique("Ünïcode 実験")
    tags = {"team": "vision", "empty": "", "emoji": "🚢"}
    identifier = client.create_experiment(name, artifact_location="s3://bucket/path", tags=tags)
    found = client.get_experiment(identifier)
    assert found.name == name
    assert found.artifact_location == "s3://bucket/path"
    assert found.tags == tags
    assert found.creation_time == found.last_update_time > 1_700_000_000_000
    assert client.get_experiment_by_name(name).experiment_id == identifier


def test_artifacts_go_through_the_server_unless_told_otherwise(experiment):
    assert experiment.artifact_location == f"mlflow-artifacts:/{experiment.experiment_id}"


def test_a_taken_name_is_refused(client, experiment):
    with pytest.raises(RestException) as refused:
        client.create_experiment(experiment.name)
    assert refused.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_the_name_of_a_deleted_experiment_stays_taken(client, experiment):
    client.delete_experiment(experiment.experiment_id)
    with pytest.raises(RestException) as refused:
        client.create_experiment(experiment.name)
    assert refused.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_an_unknown_experiment_is_not_found(client):
    with pytest.raises(RestException) as missing:
        client.get_experiment("987654321")
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert "987654321" in missing.value.message
    assert client.get_experiment_by_name(unique("nobody")) is None


def test_an_experiment_id_that_is_no_number_is_refused(client):
    with pytest.raises(RestException) as refused:
        client.get_experiment("one")
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_rename(client, experiment):
    new_name = unique("renamed")
    client.rename_experiment(experiment.experiment_id, new_name)
    assert client.get_experiment(experiment.experiment_id).name == new_name
    assert client.get_experiment_by_name(experiment.name) is None


def test_set_change_and_delete_a_tag(client, experiment):
    client.set_experiment_tag(experiment.experiment_id, "stage", "draft")
    client.set_experiment_tag(experiment.experiment_id, "stage", "final")
    assert client.get_experiment(experiment.experiment_id).tags["stage"] == "final"
    client.delete_experiment_tag(experiment.experiment_id, "stage")
    assert "stage" not in client.get_experiment(experiment.experiment_id).tags


def test_delete_and_restore_take_the_runs_along(client, run):
    identifier = run.info.experiment_id
    client.delete_experiment(identifier)
    assert client.get_experiment(identifier).lifecycle_stage == "deleted"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException):
        client.create_run(identifier)

    client.restore_experiment(identifier)
    assert client.get_experiment(identifier).lifecycle_stage == "active"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"


@pytest.fixture(scope="module")
def searched(server):
    """Seven experiments that share a prefix; the last one is deleted."""
    client = mlflow.MlflowClient(tracking_uri=server.url)
    prefix = unique("find")
    for index in range(7):
        tags = {"parity": "even" if index % 2 == 0 else "odd", "rank": str(index)}
        client.create_experiment(f"{prefix}-{index}", tags=tags)
    client.delete_experiment(client.get_experiment_by_name(f"{prefix}-6").experiment_id)
    return prefix


def indices(experiments) -> list[int]:
    return [int(found.name.rsplit("-", 1)[1]) for found in experiments]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("tags.parity = 'even'", [0, 2, 4]),
        ("tags.parity != 'even'", [1, 3, 5]),
        ("tags.parity LIKE 'o%'", [1, 3, 5]),
        ("tags.parity ILIKE 'O%'", [1, 3, 5]),
        ("tags.parity = 'even' AND tags.rank = '4'", [4]),
        ("tags.`rank` = '3'", [3]),
        ("name LIKE '%-3'", [3]),
        ("attribute.name ILIKE '%-5'", [5]),
        ("creation_time > 0", [0, 1, 2, 3, 4, 5]),
        ("last_update_time < 1000", []),
    ],
)
def test_search_experiments_filters(client, searched, condition, expected):
    found = client.search_experiments(
        filter_string=f"name LIKE '{searched}%' AND {condition}", order_by=["name ASC"]
    )
    assert indices(found) == expected


def test_search_experiments_by_view_type(client, searched):
    def search(view_type):
        found = client.search_experiments(view_type, filter_string=f"name LIKE '{searched}%'")
        return sorted(indices(found))

    assert search(ViewType.ACTIVE_ONLY) == [0, 1, 2, 3, 4, 5]
    assert search(ViewType.DELETED_ONLY) == [6]
    assert search(ViewType.ALL) == [0, 1, 2, 3, 4, 5, 6]


def test_search_experiments_orders(client, searched):
    def search(order_by):
        condition = f"name LIKE '{searched}%'"
        return indices(client.search_experiments(filter_string=condition, order_by=order_by))

    assert search(["name ASC"]) == [0, 1, 2, 3, 4, 5]
    assert search(["name DESC"]) == [5, 4, 3, 2, 1, 0]
    assert search(["creation_time ASC", "experiment_id ASC"]) == [0, 1, 2, 3, 4, 5]


def test_search_experiments_pages_to_the_end(client, searched):
    pages, token = [], None
    while True:
        page = client.search_experiments(
            filter_string=f"name LIKE '{searched}%'",
            order_by=["name ASC"],
            max_results=4,
            page_token=token,
        )
        pages.append(indices(page))
        token = page.token
        if not token:
            break
    assert pages == [[0, 1, 2, 3], [4, 5]]


@pytest.mark.parametrize(
    "condition",
    ["name = ", "unknown_key = 'x'", "name ~ 'x'", "tags.a = 1", "name = 'a' OR name = 'b' AND"],
)
def test_search_experiments_refuses_a_bad_filter(client, condition):
    with pytest.raises(RestException) as refused:
        client.search_experiments(filter_string=condition)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
