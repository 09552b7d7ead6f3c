"""Requests and answers that are lost on the way: Oracle's client repeats them by itself, and each
change is made once."""

import re

import pytest
from oci.retry import DEFAULT_RETRY_STRATEGY, retry_sleep_utils
from support.aidp import Tenant, ml_ops_client
from support.databases import RowCounts
from support.openapi import Document
from support.proxy import Fault, Proxy
from support.story import CHANGES, Story

# Rows that belong to no change: what a server remembers of tenants and of the names of keys.
SHARED = {"platforms", "workspaces", "entity_keys"}
WRITTEN_WITH_EACH_CHANGE = ("audit_events", "outbox_events", "retry_tokens")
LOSSES = {
    "once": [Fault.ANSWER_LOST],
    "twice": [Fault.ANSWER_LOST, Fault.ANSWER_LOST],
    "in every way": [Fault.REQUEST_LOST, Fault.ANSWER_CUT, Fault.ANSWER_LOST],
}


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    """The strategy stays as it is; only its pauses are short."""
    pause = "get_exponential_backoff_with_decorrelated_jitter_sleep_time"
    monkeypatch.setattr(retry_sleep_utils, pause, lambda *_: 0.001)


@pytest.fixture(scope="module")
def proxy(server):
    with Proxy(server.port) as proxy:
        yield proxy


class Observer:
    """Tells what one change after the other leaves behind."""

    def __init__(self, counts: RowCounts, story: Story):
        self.counts = counts
        self.story = story
        self.rows = counts.now()

    def growth(self) -> dict[str, int]:
        """The tables that have more rows than before, or fewer, and by how many."""
        before, self.rows = self.rows, self.counts.now()
        growth = {table: rows - before[table] for table, rows in self.rows.items()}
        return {table: by for table, by in growth.items() if by and table not in SHARED}

    def view(self) -> list[str]:
        """All that a client can see, without what differs from tenant to tenant."""
        tenant, ids = self.story.tenant, self.story.ids
        every_experiment = {"view_type": "ALL"}
        every_run = {"experiment_ids": [ids.get("experiment", "0")], "run_view_type": "ALL"}
        answers = [
            tenant.workspace_api.post("experiments/search", every_experiment),
            tenant.workspace_api.post("runs/search", every_run),
            tenant.platform_api.get("registered-models/search"),
            tenant.platform_api.get("model-versions/search"),
        ]
        if "run" in ids:
            query = {"run_id": ids["run"], "metric_key": "m"}
            answers.append(tenant.workspace_api.get("metrics/get-history", params=query))
        return [f"{answer.status_code} {self.plain(answer.text)}" for answer in answers]

    def plain(self, text: str) -> str:
        """A text with neither the run's id nor times."""
        return re.sub(r"\d{13}", "<now>", text.replace(self.story.ids.get("run", "?"), "<run>"))


def told(counts: RowCounts, story: Story):
    """What each change of a story does."""
    # The first change makes the tenant, with rows of its own.
    story.tenant.workspace_api.post("experiments/create", {"name": "before"})
    observer = Observer(counts, story)
    for operation, answer in story.tell():
        yield operation, answer, observer


@pytest.fixture(scope="module")
def counts(server):
    counts = RowCounts(server.database)
    yield counts
    counts.close()


@pytest.fixture(scope="module")
def undisturbed(server, counts) -> list[tuple]:
    """The story as it goes when nothing is lost."""
    told_here = []
    for operation, _, observer in told(counts, Story(Tenant(server.url))):
        growth = observer.growth()
        assert [growth[table] for table in WRITTEN_WITH_EACH_CHANGE] == [1, 1, 1], operation
        told_here.append((operation, growth, observer.view()))
    return told_here


def test_the_story_has_each_change(server):
    def has_token(operation) -> bool:
        return "opc-retry-token" in operation.parameters("header")

    operations = Document(server.url).operations.values()
    names = {
        re.sub("[A-Z]", lambda c: f"_{c[0].lower()}", operation.name)
        for operation in filter(has_token, operations)
    }
    assert {operation for operation, _ in CHANGES} == names
    assert len(names) == 34


@pytest.mark.parametrize("loss", LOSSES)
def test_a_change_is_made_once(server, proxy, counts, undisturbed, loss):
    tenant = Tenant(server.url, sdk=ml_ops_client(proxy.url))
    assert tenant.sdk.retry_strategy is DEFAULT_RETRY_STRATEGY
    story = told(counts, Story(tenant))
    for expected_operation, growth, view in undisturbed:
        proxy.fail_next(*LOSSES[loss])
        operation, answer, observer = next(story)
        assert operation == expected_operation
        assert observer.growth() == growth, operation
        assert observer.view() == view, operation
        assert_repeated(proxy, LOSSES[loss], answer)
    assert next(story, None) is None


def assert_repeated(proxy: Proxy, losses: list[Fault], answer) -> None:
    """The client has asked once more than was lost, with one token, and heard the first answer."""
    asked = proxy.exchanges
    assert [exchange.fault for exchange in asked] == [*losses, None]
    assert len({exchange.headers["opc-retry-token"] for exchange in asked}) == 1
    assert len({exchange.headers["opc-request-id"] for exchange in asked}) == len(asked)
    answered = [exchange for exchange in asked if exchange.status]
    assert {exchange.status for exchange in answered} == {200}
    assert len({exchange.answer for exchange in answered}) == 1
    assert len({exchange.answer_headers.get("etag") for exchange in answered}) == 1
    assert answer.headers.get("etag") == answered[0].answer_headers.get("etag")
