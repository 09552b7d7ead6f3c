"""Two tenants side by side: nothing of one is changed, shown, counted or hinted at by any operation
of the other."""

import json
import re
import uuid

import pytest
from support.aidp import Tenant
from support.http import MLFLOW_AGENT, Api
from support.openapi import Document
from support.story import CHANGES, READS, UNKNOWN, Story, ask, filled, is_in_workspace

# The change after which everything is there: the next ones delete.
FULL = "transition_model_version_stage"
# What a stranger may create under any name, because names belong to one tenant.
CREATIONS = ("create_experiment", "create_registered_model")
LISTS = {
    "list_experiments": ({"max_results": 1}, "experiments"),
    "list_experiment_runs": ({"max_results": 1, "experiment_ids": ["{experiment}"]}, "runs"),
    "get_experiment_run_metric_history": (
        {"max_results": 1, "run_id": "{run}", "metric_key": "m"},
        "metrics",
    ),
    "list_logged_models": ({"max_results": 1, "experiment_ids": ["{experiment}"]}, "models"),
    "list_registered_models": ({"max_results": 1}, "registered_models"),
    "list_model_versions": ({"max_results": 1}, "model_versions"),
}


@pytest.fixture(scope="module")
def document(server) -> Document:
    return Document(server.url)


def populated(url: str, **options) -> Story:
    """A tenant with one of everything, and two of all that is listed."""
    story = Story(Tenant(url), **options).tell_until(FULL)
    tenant, ids = story.tenant, story.ids
    tenant.create_run(ids["experiment"], run_name="second")
    tenant.create_model("c.s.second")
    mlflow = Api(tenant.workspace_api.base_url, MLFLOW_AGENT)
    for name in ("logged", "second"):
        new = {"experiment_id": ids["experiment"], "source_run_id": ids["run"], "name": name}
        logged = mlflow.post("logged-models", new)
        ids[name] = logged.json()["model"]["info"]["model_id"]
    files = f"{tenant.tracking_uri}/api/2.0/mlflow-artifacts/artifacts"
    uri = tenant.get_run(ids["run"]).info.artifact_uri.removeprefix("mlflow-artifacts:/")
    assert Api(files, MLFLOW_AGENT).send("PUT", f"{uri}/secret.txt", data=b"x").status_code == 200
    return story


@pytest.fixture(scope="module")
def owner(server) -> Story:
    return populated(server.url)


def look(document: Document, story: Story) -> list[tuple]:
    """All that can be read in a tenant, entity tags included."""
    reads = [ask(document, story.tenant, name, filled(body, story.ids)) for name, body in READS]
    assert {answer.status_code for answer in reads} == {200}
    return [(answer.url, answer.text, answer.headers.get("etag")) for answer in reads]


def of_tracking() -> list[tuple[str, dict]]:
    """The operations that are a workspace's own; the registry belongs to all of its platform."""
    return [
        each for each in CHANGES + READS if is_in_workspace(each[0]) and "model_v" not in each[0]
    ]


@pytest.mark.parametrize(("operation", "body"), CHANGES + READS)
def test_another_platform_has_nothing(server, document, owner, operation, body):
    assert_nothing_is_there(document, owner, Tenant(server.url), operation, body)


@pytest.mark.parametrize(("operation", "body"), of_tracking())
def test_another_workspace_has_nothing(server, document, owner, operation, body):
    neighbour = Tenant(server.url, owner.tenant.platform, workspace=uuid.uuid4().hex)
    assert_nothing_is_there(document, owner, neighbour, operation, body)


def assert_nothing_is_there(document, owner: Story, stranger: Tenant, operation: str, body) -> None:
    """The answer to a stranger who knows every id and name is, word by word, the answer to one who
    has made them up."""
    before = look(document, owner)
    answer = ask(document, stranger, operation, filled(body, owner.ids))
    expected = ask(document, Tenant(stranger.url), operation, filled(body, UNKNOWN))
    assert answer.status_code == expected.status_code
    if operation not in CREATIONS:
        text = answer.text
        for name, made_up in UNKNOWN.items():
            text = re.sub(rf"\b{owner.ids[name]}\b", made_up, text)
        assert without_times(text) == without_times(expected.text)
        assert ("etag" in answer.headers) == ("etag" in expected.headers)
    assert look(document, owner) == before


def without_times(text: str) -> str:
    return re.sub(r"\b\d{13}\b", "<now>", text)


def test_the_same_story_at_the_same_time(server, document):
    """Same names, same numbers, same retry tokens: each tenant has its own of everything."""
    owner = populated(server.url, tokens="same")
    before = look(document, owner)
    double = Story(Tenant(server.url, workspace=owner.tenant.workspace), tokens="same")
    for operation, answer in double.tell():
        assert answer.status == 200, operation
        assert look(document, owner) == before, operation
    assert double.ids["experiment"] == owner.ids["experiment"]
    assert double.ids["run"] != owner.ids["run"]


@pytest.fixture(scope="module")
def twin(server, owner) -> Story:
    """A tenant with things of the owner's names and numbers."""
    return populated(server.url)


def shown(document: Document, story: Story, operation: str, arguments: dict) -> dict:
    answer = ask(document, story.tenant, operation, arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()


def owned(story: Story) -> list[str]:
    """What belongs to one tenant alone: the ids that no other thing in the world has."""
    return [story.ids[name] for name in ("run", "logged", "second")]


def test_lists_and_counts_hold_their_own_alone(document, owner, twin):
    for operation, arguments in READS:
        text = ask(document, twin.tenant, operation, filled(arguments, twin.ids)).text
        assert not any(identifier in text for identifier in owned(owner)), operation
    counts = {"catalog": "c", "schema": "s"}
    summary = shown(document, twin, "get_registered_model_summary", counts)
    assert (summary["registered_models_count"], summary["model_versions_count"]) == (2, 2)


@pytest.mark.parametrize("operation", LISTS)
def test_a_page_token_leads_to_one_s_own(document, owner, twin, operation):
    arguments, items = LISTS[operation]
    first = shown(document, owner, operation, filled(arguments, owner.ids))
    token = first["next_page_token"]
    own = filled(arguments, twin.ids)
    everything = shown(document, twin, operation, {**own, "max_results": 100})[items]
    answer = ask(document, twin.tenant, operation, {**own, "page_token": token})
    assert answer.status_code in (200, 400)
    found = answer.json().get(items, [])
    assert all(item in everything for item in found)
    assert not any(identifier in answer.text for identifier in owned(owner))


def test_filters_find_nothing_of_others(document, owner, twin):
    run, logged = owner.ids["run"], owner.ids["logged"]
    own = {"experiment_ids": [twin.ids["experiment"]]}
    searches = [
        ("list_experiment_runs", {**own, "filter": f"attributes.run_id = '{run}'"}, "runs"),
        ("list_logged_models", {**own, "filter": f"source_run_id = '{run}'"}, "models"),
        ("list_logged_models", {**own, "filter": f"attributes.model_id = '{logged}'"}, "models"),
        ("list_model_versions", {"filter": f"run_id = '{run}'"}, "model_versions"),
    ]
    for operation, arguments, items in searches:
        assert shown(document, twin, operation, arguments).get(items) == [], operation
        mine = json.loads(
            json.dumps(arguments).replace(run, twin.ids["run"]).replace(logged, twin.ids["logged"])
        )
        assert shown(document, twin, operation, mine)[items], operation


def test_origins_of_others_are_refused_alike(document, owner, twin):
    """A version cannot come from another tenant's run or logged model, and the refusal is that of
    ids that never were."""
    for field, known, made_up in (
        ("run_id", owner.ids["run"], "0" * 32),
        ("model_id", owner.ids["logged"], "m-" + "0" * 32),
    ):
        for operation in ("create_model_version", "create_workspace_model_version"):
            new = {"name": "c.s.second", "source": "s"}
            refused = ask(document, twin.tenant, operation, {**new, field: known})
            expected = ask(document, twin.tenant, operation, {**new, field: made_up})
            assert refused.status_code == expected.status_code == 400
            assert refused.text.replace(known, made_up) == expected.text
