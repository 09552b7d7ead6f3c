"""Prompts: registered models and versions with MLflow's own tags, through the stock client."""

import json

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

from .conftest import unique


@pytest.fixture
def prompt_name() -> str:
    return unique("prompt")


@pytest.fixture
def prompt(client, prompt_name):
    """The second of two versions of a prompt."""
    client.register_prompt(prompt_name, "Hello {{name}}", "the first", {"tone": "plain"})
    return client.register_prompt(prompt_name, "Good day {{name}}", "the second")


def test_versions_of_a_prompt_keep_their_texts(client, prompt_name, prompt):
    assert prompt.version == 2
    first = client.load_prompt(f"prompts:/{prompt_name}/1")
    assert first.template == "Hello {{name}}"
    assert first.commit_message == "the first"
    assert first.tags == {"tone": "plain"}
    assert first.format(name="Ada") == "Hello Ada"
    assert client.get_prompt_version(prompt_name, "2").template == "Good day {{name}}"
    versions = client.search_prompt_versions(prompt_name)
    assert [found.version for found in versions] == [2, 1]


def test_a_chat_prompt_with_a_response_format(client, prompt_name):
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "{{text}}"}]
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    client.register_prompt(prompt_name, messages, response_format=schema)
    loaded = client.load_prompt(f"prompts:/{prompt_name}/1")
    assert loaded.template == messages
    assert loaded.response_format == schema


def test_a_long_prompt_comes_back_whole(client, prompt_name):
    template = "x" * 90_000
    client.register_prompt(prompt_name, template)
    assert client.load_prompt(f"prompts:/{prompt_name}/1").template == template


def test_aliases_of_a_prompt(client, prompt_name, prompt):
    client.set_prompt_alias(prompt_name, "production", 1)
    assert client.load_prompt(f"prompts:/{prompt_name}@production").version == 1
    assert client.get_prompt_version_by_alias(prompt_name, "production").version == 1
    assert client.load_prompt(f"prompts:/{prompt_name}@latest").version == 2
    client.delete_prompt_alias(prompt_name, "production")
    with pytest.raises(MlflowException):
        client.load_prompt(f"prompts:/{prompt_name}@production")


def test_tags_of_a_prompt_and_its_versions(client, prompt_name, prompt):
    client.set_prompt_tag(prompt_name, "team", "red")
    client.set_prompt_version_tag(prompt_name, "2", "checked", "yes")
    assert client.get_prompt(prompt_name).tags["team"] == "red"
    assert client.get_prompt_version(prompt_name, "2").tags["checked"] == "yes"
    client.delete_prompt_tag(prompt_name, "team")
    client.delete_prompt_version_tag(prompt_name, "2", "checked")
    assert "team" not in client.get_prompt(prompt_name).tags
    assert "checked" not in client.get_prompt_version(prompt_name, "2").tags


def test_searches_tell_prompts_and_models_apart(client, prompt_name, prompt, registered_model):
    models = {found.name for found in client.search_registered_models(max_results=1000)}
    assert registered_model.name in models
    assert prompt_name not in models
    prompts = {found.name for found in client.search_prompts(max_results=1000)}
    assert prompt_name in prompts
    assert registered_model.name not in prompts
    by_name = client.search_prompts(f"name = '{prompt_name}'")
    assert [found.name for found in by_name] == [prompt_name]


def test_a_prompt_and_a_model_cannot_share_a_name(client, prompt_name, prompt, registered_model):
    with pytest.raises(MlflowException, match="prompt"):
        client.create_registered_model(prompt_name)
    with pytest.raises(MlflowException):
        client.register_prompt(registered_model.name, "text")


def test_a_prompt_without_versions(client, prompt_name):
    created = client.create_prompt(prompt_name, "what it is for", {"team": "red"})
    assert created.description == "what it is for"
    version = client.create_prompt_version(prompt_name, "text", "first")
    assert version.version == 1
    assert client.get_prompt(prompt_name).description == "what it is for"


def test_delete_a_version_and_a_prompt(client, prompt_name, prompt):
    for version in ("1", "2"):
        client.delete_prompt_version(prompt_name, version)
        with pytest.raises(MlflowException, match="not found"):
            client.get_prompt_version(prompt_name, version)
    client.delete_prompt(prompt_name)
    assert client.get_prompt(prompt_name) is None


def linked_prompts(client, run) -> list[dict]:
    return json.loads(client.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"])


def test_a_prompt_used_in_a_run(client, experiment, prompt_name, prompt):
    with mlflow.start_run() as run:
        mlflow.genai.load_prompt(f"prompts:/{prompt_name}/2")
    assert linked_prompts(client, run) == [{"name": prompt_name, "version": "2"}]


def test_a_prompt_linked_to_a_run_and_a_model(client, experiment, prompt_name, prompt):
    run = client.create_run(experiment.experiment_id)
    client.link_prompt_version_to_run(run.info.run_id, f"prompts:/{prompt_name}/1")
    assert linked_prompts(client, run) == [{"name": prompt_name, "version": "1"}]
    model = client.create_logged_model(experiment.experiment_id, name="agent")
    client.link_prompt_version_to_model(prompt_name, "2", model.model_id)
    assert prompt_name in client.get_logged_model(model.model_id).tags["mlflow.linkedPrompts"]


def test_an_unknown_prompt(client, prompt_name):
    with pytest.raises(MlflowException) as missing:
        client.load_prompt(f"prompts:/{prompt_name}/1")
    assert missing.value.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST)
    assert client.load_prompt(f"prompts:/{prompt_name}/1", allow_missing=True) is None
