"""opc-retry-token: the same request again has one effect, whatever happens in between."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.aidp import ServiceError, models

from .expectations import assert_error

CREATE = "model-versions/create"
BODY = {"name": "m", "source": "s", "tags": [{"key": "a", "value": "1"}]}


@pytest.fixture
def token() -> dict:
    """A header that nobody has used yet."""
    return {"opc-retry-token": uuid.uuid4().hex}


def assert_replayed(first, second) -> None:
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.headers.get("etag") == second.headers.get("etag")


def test_the_same_request_again_gives_the_same_version(tenant, model, token):
    first = tenant.platform_api.post(CREATE, BODY, headers=token)
    second = tenant.platform_api.post(CREATE, BODY, headers=token)
    assert_replayed(first, second)
    assert first.headers["opc-request-id"] != second.headers["opc-request-id"]
    assert len(tenant.versions()) == 1


def test_the_client_s_own_tokens_are_honoured(tenant, model):
    details = models.CreateModelVersionDetails(name="m", source="s")
    token = uuid.uuid4().hex[:30]
    answers = [
        tenant.sdk.create_model_version(tenant.platform, details, opc_retry_token=token)
        for _ in range(3)
    ]
    assert {answer.data.model_version.version for answer in answers} == {"1"}
    assert tenant.create_version().version == "2"


def test_the_workspace_scope_replays_too(tenant, model, token):
    first = tenant.workspace_api.post(CREATE, BODY, headers=token)
    assert_replayed(first, tenant.workspace_api.post(CREATE, BODY, headers=token))
    assert len(tenant.versions()) == 1


def test_spelling_the_same_request_differently_is_no_other_request(tenant, model, token):
    first = tenant.platform_api.post(CREATE, BODY, headers=token)
    respelled = b'{ "tags":[{"value":"1", "key":"\\u0061"}], "source" : "s","name":"m" }'
    headers = {**token, "content-type": "application/json"}
    second = tenant.platform_api.send("POST", CREATE, data=respelled, headers=headers)
    assert_replayed(first, second)


def test_another_request_with_the_token_is_a_conflict(tenant, model, token):
    tenant.platform_api.post(CREATE, BODY, headers=token)
    for field, value in (("source", "t"), ("description", "d"), ("tags", [])):
        answer = tenant.platform_api.post(CREATE, {**BODY, field: value}, headers=token)
        assert_error(answer, 409, "InvalidatedRetryToken")
    assert len(tenant.versions()) == 1


def test_the_client_does_not_retry_that_conflict(tenant, model, token):
    tenant.platform_api.post(CREATE, BODY, headers=token)
    details = models.CreateModelVersionDetails(name="m", source="another")
    with pytest.raises(ServiceError) as conflict:
        tenant.sdk.create_model_version(
            tenant.platform, details, opc_retry_token=token["opc-retry-token"]
        )
    assert (conflict.value.status, conflict.value.code) == (409, "InvalidatedRetryToken")


def test_a_deleted_result_is_a_conflict(tenant, model, token):
    tenant.platform_api.post(CREATE, BODY, headers=token)
    tenant.delete_version("1")
    answer = tenant.platform_api.post(CREATE, BODY, headers=token)
    assert_error(answer, 409, "InvalidatedRetryToken")
    assert tenant.versions() == []


def test_a_result_deleted_with_its_model_is_a_conflict(tenant, model, token):
    tenant.platform_api.post(CREATE, BODY, headers=token)
    tenant.platform_api.post("registered-models/delete", {"name": "m"})
    tenant.create_model("m")
    answer = tenant.platform_api.post(CREATE, BODY, headers=token)
    assert_error(answer, 409, "InvalidatedRetryToken")
    assert tenant.versions() == []


def test_a_failed_request_does_not_use_up_the_token(tenant, token):
    refused = tenant.platform_api.post(CREATE, BODY, headers=token)
    assert_error(refused, 404, "NotAuthorizedOrNotFound")
    tenant.create_model("m")
    assert tenant.platform_api.post(CREATE, BODY, headers=token).status_code == 200


def test_without_a_token_each_request_counts(tenant, model):
    for expected in ("1", "2", "3"):
        answer = tenant.platform_api.post(CREATE, BODY)
        assert answer.json()["model_version"]["version"] == expected


def test_tokens_of_two_tenants_are_apart(tenant, other_tenant, model, token):
    other_tenant.create_model("m")
    first = tenant.platform_api.post(CREATE, BODY, headers=token)
    second = other_tenant.platform_api.post(CREATE, BODY, headers=token)
    assert first.status_code == second.status_code == 200
    assert len(tenant.versions()) == len(other_tenant.versions()) == 1


def test_tokens_of_two_operations_are_apart(tenant, model, token):
    answer = tenant.platform_api.post("registered-models/create", {"name": "n"}, headers=token)
    assert answer.status_code == 200
    assert tenant.platform_api.post(CREATE, BODY, headers=token).status_code == 200


def test_tokens_of_two_changes_of_tags_are_apart(tenant, model, token):
    """They are one change to the store, but two operations to a client."""
    one = {"name": "m", "key": "k"}
    set_tag = tenant.platform_api.post(
        "registered-models/set-tag", {**one, "value": "v"}, headers=token
    )
    deleted = tenant.platform_api.post("registered-models/delete-tag", one, headers=token)
    assert (set_tag.status_code, deleted.status_code) == (200, 200)
    assert set_tag.headers["etag"] != deleted.headers["etag"]


@pytest.mark.parametrize("length", [1, 64])
def test_tokens_up_to_64_characters(tenant, model, length):
    headers = {"opc-retry-token": "t" * length}
    first = tenant.platform_api.post(CREATE, BODY, headers=headers)
    assert_replayed(first, tenant.platform_api.post(CREATE, BODY, headers=headers))


def test_a_longer_token_is_refused(tenant, model):
    headers = {"opc-retry-token": "t" * 65}
    answer = tenant.platform_api.post(CREATE, BODY, headers=headers)
    assert_error(answer, 400, "InvalidParameter", "opc-retry-token")
    assert tenant.versions() == []


def test_both_at_once_make_one_version(tenant, model):
    """Twenty rounds of eight requests that start together."""
    with ThreadPoolExecutor(8) as pool:
        for round_number in range(1, 21):
            headers = {"opc-retry-token": uuid.uuid4().hex}
            barrier = threading.Barrier(8)

            def create(_, headers=headers, barrier=barrier):
                barrier.wait()
                return tenant.platform_api.post(CREATE, BODY, headers=headers)

            answers = list(pool.map(create, range(8)))
            assert {answer.status_code for answer in answers} == {200}
            versions = {answer.json()["model_version"]["version"] for answer in answers}
            assert versions == {str(round_number)}
    assert len(tenant.versions()) == 20


def test_both_at_once_with_different_bodies_make_one_version(tenant, model):
    with ThreadPoolExecutor(8) as pool:
        headers = {"opc-retry-token": uuid.uuid4().hex}
        barrier = threading.Barrier(8)

        def create(index):
            barrier.wait()
            return tenant.platform_api.post(CREATE, {**BODY, "source": str(index)}, headers=headers)

        statuses = sorted(answer.status_code for answer in pool.map(create, range(8)))
    assert statuses == [200] + [409] * 7
    assert len(tenant.versions()) == 1


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_a_token_survives_a_restart(server, tenant, model, token, ending):
    first = tenant.platform_api.post(CREATE, BODY, headers=token)
    getattr(server, ending)()
    server.start()
    assert_replayed(first, tenant.platform_api.post(CREATE, BODY, headers=token))
    answer = tenant.platform_api.post(CREATE, {**BODY, "source": "t"}, headers=token)
    assert_error(answer, 409, "InvalidatedRetryToken")
    assert len(tenant.versions()) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("registered-models/create", {"name": "n", "description": "d"}),
        ("registered-models/delete", {"name": "m"}),
    ],
)
def test_registered_models_replay(tenant, model, token, path, body):
    first = tenant.platform_api.post(path, body, headers=token)
    assert_replayed(first, tenant.platform_api.post(path, body, headers=token))


def test_deleting_a_version_replays(tenant, model, token):
    tenant.create_version()
    body = {"name": "m", "version": "1"}
    first = tenant.platform_api.post("model-versions/delete", body, headers=token)
    second = tenant.platform_api.post("model-versions/delete", body, headers=token)
    assert_replayed(first, second)


def test_experiments_and_runs_replay(tenant, token):
    body = {"name": "e"}
    first = tenant.workspace_api.post("experiments/create", body, headers=token)
    assert_replayed(first, tenant.workspace_api.post("experiments/create", body, headers=token))

    body = {"experiment_id": first.json()["experiment_id"], "run_name": "r"}
    run = tenant.workspace_api.post("runs/create", body, headers=token)
    assert_replayed(run, tenant.workspace_api.post("runs/create", body, headers=token))

    run_id = run.json()["run"]["info"]["run_id"]
    metrics = [{"key": "m", "value": 1.0, "timestamp": 1, "step": 0}]
    batch = {"run_id": run_id, "metrics": metrics}
    logged = tenant.workspace_api.post("runs/log-batch", batch, headers=token)
    assert_replayed(logged, tenant.workspace_api.post("runs/log-batch", batch, headers=token))
