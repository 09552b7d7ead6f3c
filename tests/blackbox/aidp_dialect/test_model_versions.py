"""Model versions through Oracle's own client, and every limit of creating one."""

import pytest
from support.aidp import ServiceError, Tenant, models, tag

from .expectations import assert_error

CREATE = "model-versions/create"


def test_create_and_get_keep_every_field(tenant, model, run):
    details = models.CreateModelVersionDetails(
        name="m",
        source=f"runs:/{run.info.run_id}/model",
        description="Größe: 🚢",
        run_id=run.info.run_id,
        run_link="https://example.org/run",
        tags=[tag("b", "2"), tag("a", "1"), tag("empty", "")],
    )
    answer = tenant.sdk.create_model_version(tenant.platform, details)
    assert answer.status == 200
    created = answer.data.model_version
    assert created.name == "m"
    assert created.version == "1"
    assert created.source == f"runs:/{run.info.run_id}/model"
    assert created.description == "Größe: 🚢"
    assert created.run_id == run.info.run_id
    assert created.run_link == "https://example.org/run"
    assert {item.key: item.value for item in created.tags} == {"a": "1", "b": "2", "empty": ""}
    assert created.status == "READY"
    assert created.current_stage == "None"
    assert created.creation_timestamp == created.last_updated_timestamp > 1_700_000_000_000
    assert not created.aliases
    assert not created.model_metrics
    assert not created.model_params

    found = tenant.sdk.get_model_version(tenant.platform, "m", "1")
    assert found.data.model_version == created
    assert found.headers["etag"] == answer.headers["etag"]


def test_the_fewest_fields(tenant, model):
    answer = tenant.platform_api.post(CREATE, {"name": "m", "source": "s"})
    assert answer.status_code == 200
    version = answer.json()["model_version"]
    assert version["name"] == "m"
    assert version["version"] == "1"
    assert version["source"] == "s"
    assert version["status"] == "READY"
    assert version["current_stage"] == "None"


def test_both_scopes_share_one_series_of_numbers(tenant, model):
    details = models.CreateModelVersionDetails(name="m", source="s3://bucket/w")
    first = tenant.sdk.create_workspace_model_version(tenant.platform, tenant.workspace, details)
    assert first.data.model_version.version == "1"
    assert first.headers["etag"]
    assert tenant.create_version().version == "2"
    third = tenant.sdk.create_workspace_model_version(tenant.platform, "another", details)
    assert third.data.model_version.version == "3"
    assert tenant.get_version("1").source == "s3://bucket/w"


def test_a_deleted_number_is_not_used_again(tenant, model):
    assert [tenant.create_version().version for _ in range(3)] == ["1", "2", "3"]
    answer = tenant.delete_version("3")
    assert answer.status == 200
    with pytest.raises(ServiceError) as missing:
        tenant.get_version("3")
    assert (missing.value.status, missing.value.code) == (404, "NotAuthorizedOrNotFound")
    assert tenant.create_version().version == "4"
    assert sorted(version.version for version in tenant.versions()) == ["1", "2", "4"]


def test_delete_twice_is_not_found(tenant, model):
    tenant.create_version()
    tenant.delete_version("1")
    with pytest.raises(ServiceError) as missing:
        tenant.delete_version("1")
    assert (missing.value.status, missing.value.code) == (404, "NotAuthorizedOrNotFound")


def test_search_by_name(tenant, model):
    tenant.create_model("other")
    tenant.create_version("other")
    for _ in range(3):
        tenant.create_version()
    found = tenant.sdk.list_model_versions(tenant.platform, filter="name = 'm'")
    assert sorted(version.version for version in found.data.model_versions) == ["1", "2", "3"]
    assert {version.name for version in found.data.model_versions} == {"m"}
    nobody = tenant.sdk.list_model_versions(tenant.platform, filter="name = 'nobody'")
    assert nobody.data.model_versions == []


def test_search_pages_to_the_end_in_order(tenant, model):
    for _ in range(7):
        tenant.create_version()
    numbers, token = [], None
    while True:
        arguments = {"page_token": token} if token else {}
        page = tenant.sdk.list_model_versions(
            tenant.platform,
            filter="name = 'm'",
            order_by="version_number ASC",
            max_results=3,
            **arguments,
        )
        numbers.append([version.version for version in page.data.model_versions])
        token = page.data.next_page_token
        assert page.headers.get("opc-next-page") == token
        if not token:
            break
    assert numbers == [["1", "2", "3"], ["4", "5", "6"], ["7"]]


def test_a_bad_filter_is_refused(tenant):
    answer = tenant.platform_api.get("model-versions/search", params={"filter": "name ="})
    assert_error(answer, 400, "InvalidParameter")


def test_an_unknown_registered_model_is_not_found(tenant):
    answer = tenant.platform_api.post(CREATE, {"name": "nobody", "source": "s"})
    assert_error(answer, 404, "NotAuthorizedOrNotFound", "nobody")


def test_another_tenant_sees_nothing(tenant, other_tenant, model):
    tenant.create_version()
    for lookup in (
        lambda: other_tenant.get_version("1"),
        lambda: other_tenant.delete_version("1"),
        lambda: other_tenant.create_version(),
    ):
        with pytest.raises(ServiceError) as missing:
            lookup()
        assert (missing.value.status, missing.value.code) == (404, "NotAuthorizedOrNotFound")
    assert other_tenant.versions() == []
    other_tenant.create_model()
    assert other_tenant.create_version().version == "1"
    assert tenant.create_version().version == "2"


@pytest.mark.parametrize("name", ["catalog.schema.model", "plain", "with space", "ü.🚢", "a'b\"c%"])
def test_names_of_all_kinds(tenant, name):
    tenant.create_model(name)
    assert tenant.create_version(name).name == name
    assert tenant.get_version("1", name).name == name


@pytest.mark.parametrize(
    ("field", "longest"),
    [("source", 500), ("description", 5000), ("run_link", 500)],
)
@pytest.mark.parametrize("character", ["x", "ü", "🚢"])
def test_the_longest_texts(tenant, model, field, longest, character):
    """Lengths count characters, however many bytes they take."""
    body = {"name": "m", "source": "s", field: character * longest}
    answer = tenant.platform_api.post(CREATE, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["model_version"][field] == character * longest
    assert getattr(tenant.get_version("1"), field) == character * longest

    body[field] += character
    assert_error(tenant.platform_api.post(CREATE, body), 400, "InvalidParameter", field)
    assert len(tenant.versions()) == 1


@pytest.mark.parametrize("character", ["x", "ü", "🚢"])
def test_the_longest_name(tenant, character):
    tenant.create_model(character * 255)
    assert tenant.create_version(character * 255).version == "1"
    body = {"name": character * 256, "source": "s"}
    assert_error(tenant.platform_api.post(CREATE, body), 400, "InvalidParameter", "name")


@pytest.mark.parametrize("field", ["name", "source"])
def test_required_fields(tenant, model, field):
    body = {"name": "m", "source": "s"}
    for api in (tenant.platform_api, tenant.workspace_api):
        missing = {key: value for key, value in body.items() if key != field}
        assert_error(api.post(CREATE, missing), 400, "MissingParameter", field)
        assert_error(api.post(CREATE, {**body, field: None}), 400, "MissingParameter", field)
        assert_error(api.post(CREATE, {**body, field: ""}), 400, "InvalidParameter", field)
    assert tenant.versions() == []


@pytest.mark.parametrize("field", ["description", "run_link"])
def test_an_empty_optional_text_is_allowed(tenant, model, field):
    answer = tenant.platform_api.post(CREATE, {"name": "m", "source": "s", field: ""})
    assert answer.status_code == 200


@pytest.mark.parametrize("field", ["description", "run_link", "run_id", "model_id", "tags"])
def test_null_is_the_same_as_absent(tenant, model, field):
    answer = tenant.platform_api.post(CREATE, {"name": "m", "source": "s", field: None})
    assert answer.status_code == 200


def test_twenty_tags_of_the_longest_keys_and_values(tenant, model):
    tags = [{"key": f"{index:02}" + "k" * 248, "value": "v" * 8000} for index in range(20)]
    body = {"name": "m", "source": "s", "tags": tags}
    answer = tenant.platform_api.post(CREATE, body)
    assert answer.status_code == 200, answer.text
    found = {item.key: item.value for item in tenant.get_version("1").tags}
    assert found == {item["key"]: item["value"] for item in tags}

    body["tags"] = [*tags, {"key": "one too many", "value": ""}]
    assert_error(tenant.platform_api.post(CREATE, body), 400, "InvalidParameter", "tags", "20")


@pytest.mark.parametrize(
    ("bad", "code", "mention"),
    [
        ({"key": "k" * 251, "value": "v"}, "InvalidParameter", "key"),
        ({"key": "", "value": "v"}, "InvalidParameter", "key"),
        ({"key": "k", "value": "v" * 8001}, "InvalidParameter", "value"),
        ({"value": "v"}, "MissingParameter", "key"),
        ("text", "InvalidParameter", "tags"),
    ],
)
def test_a_bad_tag_is_refused_whole(tenant, model, bad, code, mention):
    body = {"name": "m", "source": "s", "tags": [{"key": "good", "value": "v"}, bad]}
    assert_error(tenant.platform_api.post(CREATE, body), 400, code, mention)
    assert tenant.versions() == []


def test_a_run_of_the_tenant_is_accepted_in_both_scopes(tenant, model, run):
    body = {"name": "m", "source": "s", "run_id": run.info.run_id}
    for api in (tenant.platform_api, tenant.workspace_api):
        answer = api.post(CREATE, body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["model_version"]["run_id"] == run.info.run_id


@pytest.mark.parametrize("length", [1, 32])
def test_an_unknown_run_is_refused(tenant, model, length):
    body = {"name": "m", "source": "s", "run_id": "0" * length}
    answer = tenant.platform_api.post(CREATE, body)
    assert_error(answer, 400, "RelatedResourceNotAuthorizedOrNotFound", "run_id")


def test_a_run_of_another_tenant_is_refused(tenant, other_tenant, model):
    foreign = other_tenant.create_run(other_tenant.create_experiment())
    body = {"name": "m", "source": "s", "run_id": foreign.info.run_id}
    answer = tenant.platform_api.post(CREATE, body)
    assert_error(answer, 400, "RelatedResourceNotAuthorizedOrNotFound", "run_id")


def test_an_unknown_logged_model_is_refused(tenant, model):
    body = {"name": "m", "source": "s", "model_id": "m-" + "0" * 34}
    answer = tenant.platform_api.post(CREATE, body)
    assert_error(answer, 400, "RelatedResourceNotAuthorizedOrNotFound", "model_id")


@pytest.mark.parametrize(
    ("field", "value"), [("run_id", "0" * 33), ("run_id", ""), ("model_id", "m" * 37)]
)
def test_ids_of_the_wrong_length(tenant, model, field, value):
    body = {"name": "m", "source": "s", field: value}
    assert_error(tenant.platform_api.post(CREATE, body), 400, "InvalidParameter", field)


@pytest.mark.parametrize("version", ["0", "-1", "2", "9" * 18])
def test_an_unknown_version_is_not_found(tenant, model, version):
    tenant.create_version()
    query = {"name": "m", "version": version}
    answer = tenant.platform_api.get("model-versions/get", params=query)
    assert answer.status_code in (400, 404)
    assert answer.json()["code"] in ("InvalidParameter", "NotAuthorizedOrNotFound")
    assert tenant.get_version("1").version == "1"


@pytest.mark.parametrize("version", ["one", "1.5", "9" * 65, ""])
def test_a_version_that_is_no_number_is_refused(tenant, model, version):
    query = {"name": "m", "version": version}
    answer = tenant.platform_api.get("model-versions/get", params=query)
    assert_error(answer, 400, "InvalidParameter", "version")


@pytest.mark.parametrize("field", ["name", "version"])
def test_get_and_delete_need_name_and_version(tenant, field):
    given = {"name": "m", "version": "1"}
    del given[field]
    answer = tenant.platform_api.get("model-versions/get", params=given)
    assert_error(answer, 400, "MissingParameter", field)
    answer = tenant.platform_api.post("model-versions/delete", given)
    assert_error(answer, 400, "MissingParameter", field)


def test_each_version_has_an_etag_of_its_own(tenant, model):
    bodies = [models.CreateModelVersionDetails(name="m", source="s") for _ in range(3)]
    etags = {
        tenant.sdk.create_model_version(tenant.platform, body).headers["etag"] for body in bodies
    }
    assert len(etags) == 3


def test_platform_ids_have_a_limit(server):
    longest = Tenant(server.url, platform="p" * 500, workspace="w" * 500)
    longest.create_model()
    assert longest.create_version().version == "1"
    body = {"name": "m", "source": "s"}
    assert longest.workspace_api.post(CREATE, body).status_code == 200
    too_long = Tenant(server.url, platform="p" * 501)
    answer = too_long.platform_api.post(CREATE, body)
    assert_error(answer, answer.status_code, "InvalidParameter", "aiDataPlatformId")
    assert answer.status_code in (400, 404)
