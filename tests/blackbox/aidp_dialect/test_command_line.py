"""Oracle's command line against a server that speaks HTTPS, as it demands."""

import json
import uuid

import pytest
from support.certificates import new_certificate
from support.command_line import CommandFailed, CommandLine
from support.databases import new_database
from support.servers import Server

MODEL = "catalog.schema.iris"
RENAMED = "catalog.schema.flowers"


@pytest.fixture(scope="module")
def server(engine, tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    certificate = new_certificate(directory)
    running = Server(directory, new_database(engine, directory), certificate=certificate).start()
    yield running
    running.stop()


@pytest.fixture
def aidp(server, tmp_path) -> CommandLine:
    """The command line of somebody with a platform of their own."""
    platform = f"ocid1.aidataplatform.oc1.iad.{uuid.uuid4().hex}"
    return CommandLine(tmp_path, server.url, server.certificate.certificate, platform)


def names_and_values(tags: list[dict]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in tags}


def versions(aidp: CommandLine, name: str, *arguments: str) -> list[str]:
    answer = aidp.run("list-model-versions", "--filter", f"name = '{name}'", *arguments)
    return [version["version"] for version in answer["data"]["model_versions"]]


def version_of(aidp: CommandLine, version: str) -> dict:
    # With a space in place of `=`, the command would print its own version.
    arguments = ("--name", MODEL, f"--version={version}")
    return aidp.run("get-model-version", *arguments)["data"]["model_version"]


def test_a_round_through_the_registry(aidp):
    create_model(aidp)
    create_versions(aidp)
    read_back(aidp)
    change_versions(aidp)
    change_the_model(aidp)
    delete_everything(aidp)


def create_model(aidp: CommandLine) -> None:
    body = {
        "name": MODEL,
        "description": "tells flowers apart",
        "tags": [{"key": "team", "value": "red"}],
    }
    created = aidp.run("create-registered-model", body=body)
    assert created["status"] == 200
    assert created["headers"]["etag"]
    assert created["headers"]["opc-request-id"].startswith("aidp-cli-")
    model = created["data"]["registered_model"]
    assert (model["name"], model["description"]) == (MODEL, "tells flowers apart")
    assert names_and_values(model["tags"]) == {"team": "red"}


def create_versions(aidp: CommandLine) -> None:
    first = {"name": MODEL, "source": "s3://bucket/iris/1", "tags": [{"key": "k", "value": "v"}]}
    token = ("--opc-retry-token", "the-same-version-once")
    for _ in range(2):
        version = aidp.run("create-model-version", *token, body=first)["data"]["model_version"]
        assert (version["version"], version["source"]) == ("1", "s3://bucket/iris/1")
        assert names_and_values(version["tags"]) == {"k": "v"}
    second = {"name": MODEL, "source": "s3://bucket/iris/2", "description": "better"}
    answer = aidp.run("create-workspace-model-version", "main", body=second)
    assert answer["data"]["model_version"]["version"] == "2"
    assert aidp.run("create-model-version", body=second)["data"]["model_version"]["version"] == "3"


def read_back(aidp: CommandLine) -> None:
    found = aidp.run("get-registered-model", "--name", MODEL)
    assert found["data"]["registered_model"]["description"] == "tells flowers apart"
    version = version_of(aidp, "2")
    assert version["description"] == "better"

    listed = aidp.run("list-registered-models", "--filter", "name LIKE 'iris'")["data"]
    assert [model["name"] for model in listed["registered_models"]] == [MODEL]
    assert "deployment_summary" not in listed["registered_models"][0]
    listed = aidp.run("list-registered-models", "--is-deployment-summary-enabled", "true")["data"]
    summary = listed["registered_models"][0]["deployment_summary"]
    assert summary == {"total_deployment": 0, "active_deployment": 0}

    assert versions(aidp, MODEL, "--order-by", "version ASC") == ["1", "2", "3"]
    first_page = aidp.run("list-model-versions", "--max-results", "2")
    token = first_page["headers"]["opc-next-page"]
    assert first_page["data"]["next_page_token"] == token
    last_page = aidp.run("list-model-versions", "--max-results", "2", "--page-token", token)
    assert len(first_page["data"]["model_versions"] + last_page["data"]["model_versions"]) == 3
    assert "opc-next-page" not in last_page["headers"]

    where = ("--catalog", "catalog", "--schema", "schema")
    summary = aidp.run("get-registered-model-summary", *where)["data"]
    assert (summary["registered_models_count"], summary["model_versions_count"]) == (1, 3)


def change_versions(aidp: CommandLine) -> None:
    version = {"name": MODEL, "version": "1"}
    aidp.run("set-model-version-tag", body={**version, "key": "a", "value": "1"})
    aidp.run("delete-model-version-tag", body={**version, "key": "k"})
    bulk = {"set_tags": [{"key": "b", "value": "2"}], "delete_tags": [{"key": "absent"}]}
    aidp.run("update-model-version-tags", body={**version, **bulk})
    aidp.run("update-model-version", body={**version, "description": "the first"})
    stage = {"stage": "Production", "archive_existing_versions": True}
    aidp.run("transition-model-version-stage", body={**version, **stage})
    found = version_of(aidp, "1")
    assert names_and_values(found["tags"]) == {"a": "1", "b": "2"}
    assert (found["description"], found["current_stage"]) == ("the first", "Production")

    aidp.run("transition-model-version-stage", body={**version, **stage, "version": "2"})
    assert version_of(aidp, "1")["current_stage"] == "Archived"
    aidp.run("delete-model-version", body={"name": MODEL, "version": "3"})
    assert versions(aidp, MODEL, "--order-by", "version ASC") == ["1", "2"]


def change_the_model(aidp: CommandLine) -> None:
    aidp.run("set-registered-model-tag", body={"name": MODEL, "key": "a", "value": "1"})
    aidp.run("delete-registered-model-tag", body={"name": MODEL, "key": "team"})
    bulk = {"set_tags": [{"key": "b", "value": "2"}], "delete_tags": [{"key": "a"}]}
    aidp.run("update-registered-model-tags", body={"name": MODEL, **bulk})
    aidp.run("update-registered-model", body={"name": MODEL, "description": "knows more"})
    renamed = aidp.run("rename-registered-model", body={"name": MODEL, "new_name": RENAMED})
    assert renamed["data"]["registered_model"]["name"] == RENAMED
    found = aidp.run("get-registered-model", "--name", RENAMED)["data"]["registered_model"]
    assert names_and_values(found["tags"]) == {"b": "2"}
    assert found["description"] == "knows more"
    assert versions(aidp, MODEL) == []
    assert versions(aidp, RENAMED, "--order-by", "version DESC") == ["2", "1"]


def delete_everything(aidp: CommandLine) -> None:
    assert aidp.run("delete-registered-model", body={"name": RENAMED})["status"] == 200
    assert aidp.run("list-registered-models")["data"]["registered_models"] == []
    assert aidp.run("list-model-versions")["data"]["model_versions"] == []


def test_errors_are_shown_as_the_server_says_them(aidp):
    body = {"name": "taken"}
    aidp.run("create-registered-model", body=body)
    for command, arguments, refused, status, code in [
        ("create-registered-model", (), body, 409, "Conflict"),
        ("get-registered-model", ("--name", "absent"), None, 404, "NotAuthorizedOrNotFound"),
        ("list-registered-models", ("--filter", "nonsense"), None, 400, "InvalidParameter"),
    ]:
        with pytest.raises(CommandFailed) as failed:
            aidp.run(command, *arguments, body=refused)
        answer = failed.value.answer
        assert (answer["status"], answer["code"]) == (status, code)
        assert answer["message"]
        assert answer["opc-request-id"].startswith("aidp-cli-")


def test_an_api_key_and_a_body_from_a_file(aidp, tmp_path):
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"name": "from a file"}))
    answer = aidp.run("create-registered-model", "--auth", "api_key", "--body", f"@{file}")
    assert answer["data"]["registered_model"]["name"] == "from a file"


def test_the_workspace_of_the_path_holds_experiments(aidp):
    created = aidp.run("create-experiment", "main", body={"name": "by command"})["data"]
    arguments = ("main", "--experiment-name", "by command")
    found = aidp.run("get-experiment-by-name", *arguments)["data"]["experiment"]
    assert found["experiment_id"] == created["experiment_id"]
    elsewhere = ("elsewhere", "--experiment-name", "by command")
    with pytest.raises(CommandFailed) as failed:
        aidp.run("get-experiment-by-name", *elsewhere)
    assert failed.value.answer["code"] == "NotAuthorizedOrNotFound"
