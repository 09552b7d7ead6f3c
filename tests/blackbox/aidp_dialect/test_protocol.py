"""Headers, JSON rules and error bodies: what holds for every operation of this dialect."""

import json

import pytest
from support.aidp import ServiceError

from .expectations import REQUEST_ID, assert_error

CREATE = "model-versions/create"
BODY = {"name": "m", "source": "s"}
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("request_id", ["a", "Az09_-", "x" * 255])
def test_a_request_id_is_echoed(tenant, model, request_id):
    headers = {"opc-request-id": request_id}
    answer = tenant.platform_api.post(CREATE, BODY, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["opc-request-id"] == request_id
    failed = tenant.platform_api.post(CREATE, {}, headers=headers)
    assert_error(failed, 400, "MissingParameter")
    assert failed.headers["opc-request-id"] == request_id


def test_a_request_id_is_made_when_absent(tenant, model):
    made = {tenant.platform_api.post(CREATE, BODY).headers["opc-request-id"] for _ in range(3)}
    assert len(made) == 3
    assert all(REQUEST_ID.fullmatch(request_id) for request_id in made)


@pytest.mark.parametrize("request_id", ["with space", "x" * 256, "semi;colon", "a/b", "a.b"])
def test_an_invalid_request_id_is_refused(tenant, model, request_id):
    answer = tenant.platform_api.post(CREATE, BODY, headers={"opc-request-id": request_id})
    assert_error(answer, 400, "InvalidParameter", "opc-request-id")
    assert answer.headers["opc-request-id"] != request_id
    assert tenant.versions() == []


def test_the_client_reports_the_request_id_of_an_error(tenant):
    with pytest.raises(ServiceError) as missing:
        tenant.sdk.get_model_version(tenant.platform, "m", "1", opc_request_id="mine-1")
    assert missing.value.request_id == "mine-1"
    assert missing.value.headers["opc-request-id"] == "mine-1"


def test_the_user_principal_header_is_accepted(tenant, model):
    headers = {"dh-user-principal": "anything, really"}
    assert tenant.platform_api.post(CREATE, BODY, headers=headers).status_code == 200


def test_unknown_fields_are_ignored(tenant, model):
    body = {**BODY, "unknown": {"deep": [1, 2, {"x": None}]}, "version": "77"}
    answer = tenant.platform_api.post(CREATE, body)
    assert answer.status_code == 200
    assert answer.json()["model_version"]["version"] == "1"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 1),
        ("name", ["m"]),
        ("name", {"a": 1}),
        ("source", True),
        ("description", 1.5),
        ("run_id", 7),
        ("run_link", []),
        ("model_id", {}),
        ("tags", "text"),
        ("tags", {"key": "k", "value": "v"}),
        ("tags", [{"key": 1, "value": "v"}]),
        ("tags", [{"key": "k", "value": 1}]),
        ("tags", [None]),
        ("tags", [["k", "v"]]),
    ],
)
def test_a_wrong_type_names_the_field(tenant, model, field, value):
    answer = tenant.platform_api.post(CREATE, {**BODY, field: value})
    assert_error(answer, 400, "InvalidParameter", field)
    assert tenant.versions() == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": "m", "source": "s"',
        b"{'name': 'm'}",
        b'{"name": "m", "source": "s"} trailing',
        b'{"name": "m", "source": "\xff\xfe"}',
        b'{"name": "m", "source": "\\ud800"}',
        b"text",
        b"",
    ],
)
def test_broken_json_cannot_be_parsed(tenant, model, body):
    answer = tenant.platform_api.send("POST", CREATE, data=body, headers=JSON)
    assert_error(answer, 400, "CannotParseRequest")
    assert tenant.versions() == []


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true", b'["m", "s"]'])
def test_a_body_must_be_an_object(tenant, model, body):
    answer = tenant.platform_api.send("POST", CREATE, data=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("CannotParseRequest", "InvalidParameter", "MissingParameter")
    assert tenant.versions() == []


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data"])
def test_another_content_type_is_refused(tenant, model, content_type):
    answer = tenant.platform_api.send(
        "POST", CREATE, data=json.dumps(BODY), headers={"content-type": content_type}
    )
    assert_error(answer, 400, "CannotParseRequest", "application/json")
    assert tenant.versions() == []


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_json_in_all_spellings_is_accepted(tenant, model, content_type):
    answer = tenant.platform_api.send(
        "POST", CREATE, data=json.dumps(BODY), headers={"content-type": content_type}
    )
    assert answer.status_code == 200


def test_control_characters_come_back_escaped(tenant, model):
    """The client cannot read an answer in which they stand bare."""
    text = 'tab\t newline\n bell\x07 quote" backslash\\ del\x7f separator\u2028'
    version = tenant.create_version(description=text)
    assert version.description == text
    assert tenant.get_version("1").description == text


def test_the_nul_character_is_refused(tenant, model):
    answer = tenant.platform_api.post(CREATE, {**BODY, "description": "a\x00b"})
    assert_error(answer, 400, "InvalidParameter", "description")


def test_a_body_past_the_limit_is_too_large(tenant, model):
    body = json.dumps({**BODY, "unknown": "x" * (33 * 1024 * 1024)})
    answer = tenant.platform_api.send("POST", CREATE, data=body, headers=JSON)
    assert_error(answer, 413, "RequestEntityTooLarge")
    assert tenant.versions() == []


def test_deep_nesting_is_no_danger(tenant, model):
    nested = b'{"name": "m", "source": "s", "unknown": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    answer = tenant.platform_api.send("POST", CREATE, data=nested, headers=JSON)
    assert answer.status_code in (200, 400)
    assert tenant.create_version().version in ("1", "2")


@pytest.mark.parametrize("path", ["model-versions/nothing", "nothing", ""])
def test_an_operation_that_does_not_exist(tenant, path):
    answer = tenant.platform_api.post(path, BODY)
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "message"}
    assert REQUEST_ID.fullmatch(answer.headers["opc-request-id"])


def test_a_method_that_does_not_exist(tenant):
    answer = tenant.platform_api.get(CREATE)
    assert answer.status_code == 405
    assert answer.json()["code"] == "MethodNotAllowed"
    assert REQUEST_ID.fullmatch(answer.headers["opc-request-id"])


def test_query_values_are_decoded_as_the_client_encodes_them(tenant):
    name = "a b+c&d=e%f/ü"
    answer = tenant.platform_api.post("registered-models/create", {"name": name})
    if answer.status_code == 400:  # "/" is not allowed in a name everywhere
        name = name.replace("/", "")
        tenant.create_model(name)
    found = tenant.sdk.get_registered_model(tenant.platform, name).data.registered_model
    assert found.name == name


def test_a_bad_number_in_the_query_is_refused(tenant):
    for value in ("text", "-1", "1.5", "9" * 30):
        answer = tenant.platform_api.get("model-versions/search", params={"max_results": value})
        assert_error(answer, 400, "InvalidParameter", "max_results")
