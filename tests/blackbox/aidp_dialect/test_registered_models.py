"""Registered models through Oracle's own client."""

import pytest
from support.aidp import ServiceError, models

from .expectations import assert_error

CREATE = "registered-models/create"


def test_create_and_get_keep_every_field(tenant):
    details = models.CreateRegisteredModelDetails(
        name="catalog.schema.model",
        description="what it is for",
        tags=[models.RegisteredModelTag(key="team", value="red")],
        deployment_job_id="job-1",
    )
    answer = tenant.sdk.create_registered_model(tenant.platform, details)
    created = answer.data.registered_model
    assert created.name == "catalog.schema.model"
    assert created.description == "what it is for"
    assert [(item.key, item.value) for item in created.tags] == [("team", "red")]
    assert created.deployment_job_id == "job-1"
    assert created.creation_timestamp == created.last_updated_timestamp > 1_700_000_000_000

    found = tenant.sdk.get_registered_model(tenant.platform, "catalog.schema.model")
    assert found.data.registered_model == created
    assert found.headers["etag"] == answer.headers["etag"]


def test_get_shows_the_latest_version(tenant, model):
    for _ in range(2):
        tenant.create_version()
    found = tenant.sdk.get_registered_model(tenant.platform, "m").data.registered_model
    assert [version.version for version in found.latest_versions] == ["2"]


def test_a_taken_name_is_a_conflict(tenant, other_tenant, model):
    answer = tenant.platform_api.post(CREATE, {"name": "m"})
    assert_error(answer, 409, "Conflict", "m")
    assert other_tenant.create_model("m").name == "m"


def test_delete_takes_the_versions_along(tenant, model):
    tenant.create_version()
    body = models.DeleteRegisteredModelDetails(name="m")
    assert tenant.sdk.delete_registered_model(tenant.platform, body).status == 200
    for lookup in (
        lambda: tenant.get_version("1"),
        lambda: tenant.sdk.get_registered_model(tenant.platform, "m"),
        lambda: tenant.sdk.delete_registered_model(tenant.platform, body),
    ):
        with pytest.raises(ServiceError) as missing:
            lookup()
        assert (missing.value.status, missing.value.code) == (404, "NotAuthorizedOrNotFound")
    assert tenant.versions() == []
    tenant.create_model("m")
    assert tenant.create_version().version == "1"


def test_another_tenant_sees_nothing(tenant, other_tenant, model):
    answer = other_tenant.platform_api.get("registered-models/get", params={"name": "m"})
    assert_error(answer, 404, "NotAuthorizedOrNotFound")
    answer = other_tenant.platform_api.post("registered-models/delete", {"name": "m"})
    assert_error(answer, 404, "NotAuthorizedOrNotFound")
    assert tenant.sdk.get_registered_model(tenant.platform, "m").data.registered_model.name == "m"


@pytest.mark.parametrize(
    ("field", "longest"), [("name", 255), ("description", 5000), ("deployment_job_id", 255)]
)
def test_the_longest_texts(tenant, field, longest):
    body = {"name": "m", field: "🚢" * longest}
    answer = tenant.platform_api.post(CREATE, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["registered_model"][field] == "🚢" * longest
    body = {"name": "n", field: "🚢" * (longest + 1)}
    assert_error(tenant.platform_api.post(CREATE, body), 400, "InvalidParameter", field)


def test_the_name_is_required(tenant):
    assert_error(tenant.platform_api.post(CREATE, {}), 400, "MissingParameter", "name")
    assert_error(tenant.platform_api.post(CREATE, {"name": ""}), 400, "InvalidParameter", "name")
    answer = tenant.platform_api.get("registered-models/get")
    assert_error(answer, 400, "MissingParameter", "name")
    answer = tenant.platform_api.post("registered-models/delete", {})
    assert_error(answer, 400, "MissingParameter", "name")


def test_tags_have_limits(tenant):
    tags = [{"key": "k" * 250, "value": "v" * 8000}]
    assert tenant.platform_api.post(CREATE, {"name": "m", "tags": tags}).status_code == 200
    for bad in ({"key": "k" * 251, "value": ""}, {"key": "k", "value": "v" * 8001}):
        answer = tenant.platform_api.post(CREATE, {"name": "n", "tags": [bad]})
        assert_error(answer, 400, "InvalidParameter", "tags")


def test_the_registry_is_not_in_a_workspace(tenant):
    """The contract has no registered models below a workspace, and creates nothing there."""
    oracles = {"opc-request-id": "by-oracle"}
    answer = tenant.workspace_api.post(CREATE, {"name": "m"}, headers=oracles)
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "message"}
