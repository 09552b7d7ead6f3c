"""The model registry through the stock client."""

import pytest
from mlflow.exceptions import MlflowException, RestException

from .conftest import unique


def add_versions(client, name: str, count: int) -> list:
    return [client.create_model_version(name, f"s3://bucket/{index}") for index in range(count)]


def test_create_and_get_a_registered_model(client, model_name):
    created = client.create_registered_model(model_name, {"team": "red"}, "about it")
    found = client.get_registered_model(model_name)
    assert found.name == created.name == model_name
    assert found.description == "about it"
    assert found.tags == {"team": "red"}
    assert found.aliases == {}
    assert found.latest_versions == []
    assert found.creation_timestamp == found.last_updated_timestamp > 1_700_000_000_000


def test_a_taken_name_is_refused(client, registered_model):
    with pytest.raises(RestException) as refused:
        client.create_registered_model(registered_model.name)
    assert refused.value.error_code == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.parametrize("name", ["", " ", "a/b", "a:b"])
def test_a_bad_name_is_refused(api, name):
    answer = api.post("registered-models/create", {"name": name})
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_an_unknown_model_is_not_found(client, model_name):
    with pytest.raises(RestException) as missing:
        client.get_registered_model(model_name)
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(RestException) as missing:
        client.create_model_version(model_name, "s3://bucket/model")
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_update_rename_and_delete(client, registered_model):
    client.update_registered_model(registered_model.name, "a new text")
    assert client.get_registered_model(registered_model.name).description == "a new text"

    add_versions(client, registered_model.name, 1)
    client.set_registered_model_alias(registered_model.name, "champion", "1")
    new_name = unique("renamed")
    client.rename_registered_model(registered_model.name, new_name)
    assert client.get_model_version(new_name, "1").name == new_name
    assert client.get_model_version_by_alias(new_name, "champion").version == "1"
    with pytest.raises(MlflowException):
        client.get_registered_model(registered_model.name)

    client.delete_registered_model(new_name)
    for lookup in (lambda: client.get_registered_model(new_name),
                   lambda: client.get_model_version(new_name, "1")):  # fmt: skip
        with pytest.raises(RestException) as missing:
            lookup()
        assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_registered_model_tags(client, registered_model):
    name = registered_model.name
    client.set_registered_model_tag(name, "a", "1")
    client.set_registered_model_tag(name, "a", "2")
    client.set_registered_model_tag(name, "b", "x" * 10_000)
    assert client.get_registered_model(name).tags == {"a": "2", "b": "x" * 10_000}
    client.delete_registered_model_tag(name, "a")
    client.delete_registered_model_tag(name, "not there")
    assert list(client.get_registered_model(name).tags) == ["b"]


def test_create_model_version_keeps_every_field(client, registered_model, run):
    created = client.create_model_version(
        registered_model.name,
        source=f"runs:/{run.info.run_id}/model",
        run_id=run.info.run_id,
        tags={"k": "v"},
        run_link="https://example.org/run",
        description="the first",
    )
    found = client.get_model_version(registered_model.name, "1")
    assert found.version == created.version == "1"
    assert found.name == registered_model.name
    assert found.source == f"runs:/{run.info.run_id}/model"
    assert found.run_id == run.info.run_id
    assert found.run_link == "https://example.org/run"
    assert found.description == "the first"
    assert found.tags == {"k": "v"}
    assert found.aliases == []
    assert found.status == "READY"
    assert found.current_stage == "None"
    assert found.creation_timestamp == found.last_updated_timestamp > 1_700_000_000_000


def test_the_wire_form_of_a_model_version(api, registered_model):
    """Unset fields are absent or empty exactly as the reference has them."""
    body = {"name": registered_model.name, "source": "s3://bucket/model"}
    version = api.post("model-versions/create", body).json()["model_version"]
    times = version.pop("creation_timestamp"), version.pop("last_updated_timestamp")
    assert times[0] == times[1]
    assert version == {
        "name": registered_model.name,
        "version": "1",
        "current_stage": "None",
        "description": "",
        "source": "s3://bucket/model",
        "run_id": "",
        "status": "READY",
        "run_link": "",
    }


def test_versions_count_up_and_a_deleted_number_is_not_used_again(client, registered_model):
    name = registered_model.name
    assert [int(version.version) for version in add_versions(client, name, 3)] == [1, 2, 3]
    client.delete_model_version(name, "3")
    client.delete_model_version(name, "1")
    with pytest.raises(RestException) as missing:
        client.get_model_version(name, "3")
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert int(add_versions(client, name, 1)[0].version) == 4


def test_update_a_version(client, registered_model):
    add_versions(client, registered_model.name, 1)
    client.update_model_version(registered_model.name, "1", "better words")
    assert client.get_model_version(registered_model.name, "1").description == "better words"


def test_version_tags(client, registered_model):
    name = registered_model.name
    add_versions(client, name, 2)
    client.set_model_version_tag(name, "1", "validation", "pending")
    client.set_model_version_tag(name, "1", "validation", "passed")
    client.set_model_version_tag(name, "1", "other", "")
    assert client.get_model_version(name, "1").tags == {"validation": "passed", "other": ""}
    client.delete_model_version_tag(name, "1", "other")
    assert client.get_model_version(name, "1").tags == {"validation": "passed"}
    assert client.get_model_version(name, "2").tags == {}


def test_aliases_move_and_disappear(client, registered_model):
    name = registered_model.name
    add_versions(client, name, 2)
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "Another-one_2", "1")
    assert sorted(client.get_model_version(name, "1").aliases) == ["Another-one_2", "champion"]
    client.set_registered_model_alias(name, "champion", "2")
    assert client.get_model_version_by_alias(name, "champion").version == "2"
    assert client.get_registered_model(name).aliases == {"champion": "2", "Another-one_2": "1"}
    client.delete_registered_model_alias(name, "champion")
    client.delete_registered_model_alias(name, "champion")
    with pytest.raises(RestException) as missing:
        client.get_model_version_by_alias(name, "champion")
    assert missing.value.error_code == "INVALID_PARAMETER_VALUE"


def test_aliases_of_a_deleted_version_disappear(client, registered_model):
    add_versions(client, registered_model.name, 1)
    client.set_registered_model_alias(registered_model.name, "gone", "1")
    client.delete_model_version(registered_model.name, "1")
    assert client.get_registered_model(registered_model.name).aliases == {}


@pytest.mark.parametrize("alias", ["latest", "LATEST", "v1", "V23", "with space", "a/b", "a" * 256])
def test_a_bad_alias_is_refused(api, client, registered_model, alias):
    add_versions(client, registered_model.name, 1)
    body = {"name": registered_model.name, "alias": alias, "version": "1"}
    answer = api.post("registered-models/alias", body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_stages(client, registered_model):
    name = registered_model.name
    add_versions(client, name, 3)
    moved = client.transition_model_version_stage(name, "1", "Production")
    assert moved.current_stage == "Production"
    client.transition_model_version_stage(name, "2", "staging")
    client.transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
    stages = {int(v): client.get_model_version(name, str(v)).current_stage for v in (1, 2, 3)}
    assert stages == {1: "Archived", 2: "Staging", 3: "Production"}
    latest = client.get_registered_model(name).latest_versions
    assert {(v.current_stage, int(v.version)) for v in latest} == {
        ("Archived", 1),
        ("Staging", 2),
        ("Production", 3),
    }
    found = client.get_latest_versions(name, stages=["Production"])
    assert [int(version.version) for version in found] == [3]


def test_an_unknown_stage_is_refused(client, registered_model):
    add_versions(client, registered_model.name, 1)
    with pytest.raises(MlflowException):
        client.transition_model_version_stage(registered_model.name, "1", "Nonsense")


def test_a_version_that_is_no_number_is_refused(client, registered_model):
    with pytest.raises(RestException) as refused:
        client.get_model_version(registered_model.name, "one")
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.fixture(scope="module")
def searched(server):
    """Six models of one prefix; model 0 has five versions."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=server.url, registry_uri=server.url)
    prefix = unique("find")
    for index in range(6):
        tags = {"parity": "even" if index % 2 == 0 else "odd"}
        client.create_registered_model(f"{prefix}-{index}", tags=tags)
    for version in range(5):
        tags = {"rank": str(version % 2)}
        client.create_model_version(f"{prefix}-0", f"s3://{prefix}/{version}", tags=tags)
    client.create_model_version(f"{prefix}-1", f"s3://{prefix}/1/0")
    return prefix


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name LIKE '{p}%'", [0, 1, 2, 3, 4, 5]),
        ("name = '{p}-3'", [3]),
        ("name LIKE '{p}%' AND name != '{p}-3'", [0, 1, 2, 4, 5]),
        ("name ILIKE '{P}%'", [0, 1, 2, 3, 4, 5]),
        ("name IN ('{p}-1', '{p}-5', 'nobody')", [1, 5]),
        ("name LIKE '{p}%' AND tags.parity = 'odd'", [1, 3, 5]),
        ("name LIKE '{p}%' AND tags.`parity` != 'odd'", [0, 2, 4]),
    ],
)
def test_search_registered_models(client, searched, condition, expected):
    condition = condition.format(p=searched, P=searched.upper())
    found = client.search_registered_models(condition)
    assert [model.name for model in found] == [f"{searched}-{index}" for index in expected]


def test_search_registered_models_orders_and_pages(client, searched):
    pages, token = [], None
    while True:
        page = client.search_registered_models(
            f"name LIKE '{searched}%'", max_results=4, order_by=["name DESC"], page_token=token
        )
        pages.append([int(model.name.rsplit("-", 1)[1]) for model in page])
        token = page.token
        if not token:
            break
    assert pages == [[5, 4, 3, 2], [1, 0]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name = '{p}-0'", [1, 2, 3, 4, 5]),
        ("name = '{p}-0' AND tags.rank = '1'", [2, 4]),
        ("name = '{p}-0' AND version_number > 3", [4, 5]),
        ("name = '{p}-0' AND version_number <= 2", [1, 2]),
        ("source_path = 's3://{p}/2'", [3]),
        ("name IN ('{p}-0') AND source_path LIKE 's3://{p}/_'", [1, 2, 3, 4, 5]),
        ("name = 'nobody'", []),
        ("run_id = 'nobody'", []),
    ],
)
def test_search_model_versions(client, searched, condition, expected):
    found = client.search_model_versions(
        condition.format(p=searched), order_by=["version_number ASC"]
    )
    assert [int(version.version) for version in found] == expected


def test_search_model_versions_pages_to_the_end(client, searched):
    pages, token = [], None
    while True:
        page = client.search_model_versions(
            f"name = '{searched}-0'", 2, order_by=["version_number DESC"], page_token=token
        )
        pages.append([int(version.version) for version in page])
        token = page.token
        if not token:
            break
    assert pages == [[5, 4], [3, 2], [1]]


def test_search_model_versions_by_run(client, registered_model, run):
    source = f"runs:/{run.info.run_id}/model"
    client.create_model_version(registered_model.name, source, run.info.run_id)
    found = client.search_model_versions(f"run_id = '{run.info.run_id}'")
    assert [(v.name, int(v.version)) for v in found] == [(registered_model.name, 1)]


@pytest.mark.parametrize("condition", ["name", "nothing = 'x'", "name ~ 'x'", "tags.x = 1"])
def test_a_bad_filter_is_refused(client, condition):
    for search in (client.search_registered_models, client.search_model_versions):
        with pytest.raises(RestException) as refused:
            search(condition)
        assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_copy_a_model_version(client, registered_model, run):
    source = client.create_model_version(
        registered_model.name,
        f"{run.info.artifact_uri}/model",
        run.info.run_id,
        tags={"checked": "yes"},
        description="the first",
    )
    client.set_registered_model_alias(registered_model.name, "champion", source.version)
    target = unique("copies")
    by_number = client.copy_model_version(f"models:/{registered_model.name}/1", target)
    by_alias = client.copy_model_version(f"models:/{registered_model.name}@champion", target)
    assert [by_number.version, by_alias.version] == ["1", "2"]
    copied = client.get_model_version(target, "1")
    assert copied.source == f"models:/{registered_model.name}/1"
    assert copied.run_id == run.info.run_id
    assert copied.tags == {"checked": "yes"}
    assert copied.description == "the first"
    assert client.get_model_version_download_uri(target, "1") == source.source


def test_a_copy_of_a_copy_reads_the_files_of_the_first(client, registered_model):
    client.create_model_version(registered_model.name, "s3://bucket/model")
    second, third = unique("second"), unique("third")
    client.copy_model_version(f"models:/{registered_model.name}/1", second)
    client.copy_model_version(f"models:/{second}/1", third)
    assert client.get_model_version_download_uri(third, "1") == "s3://bucket/model"


def test_a_copy_of_what_is_not_there_is_refused(client, registered_model):
    with pytest.raises(MlflowException, match="not found"):
        client.copy_model_version(f"models:/{registered_model.name}/9", unique("copies"))


def test_the_stages_there_are(client, registered_model):
    client.create_model_version(registered_model.name, "s3://bucket/model")
    stages = client.get_model_version_stages(registered_model.name, "1")
    assert stages == ["None", "Staging", "Production", "Archived"]
