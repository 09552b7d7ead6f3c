"""Requests and answers that are lost on the way: Oracle's client repeats them by itself, and each
change is made once."""

import re

import pytest
from oci.retry import DEFAULT_RETRY_STRATEGY, retry_sleep_utils
from support.aidp import Tenant, ml_ops_client
from support.databases import RowCounts
from support.openapi import Document
from support.proxy import Fault, Proxy
from support.story import CHANGES, READS, UNKNOWN, Story, ask, filled, operation_id

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

    def __init__(self, document: Document, counts: RowCounts, story: Story):
        self.document = document
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
        ids = UNKNOWN | self.story.ids
        reads = [(operation, filled(arguments, ids)) for operation, arguments in READS]
        answers = [ask(self.document, self.story.tenant, *read) for read in reads]
        return [f"{answer.status_code} {self.plain(answer.text)}" for answer in answers]

    def plain(self, text: str) -> str:
        """A text with neither the run's id nor times."""
        return re.sub(r"\b\d{13}\b", "<now>", text.replace(self.story.ids.get("run", "?"), "<run>"))


def told(document: Document, counts: RowCounts, story: Story):
    """What each change of a story does."""
    # The first change makes the tenant, with rows of its own.
    story.tenant.workspace_api.post("experiments/create", {"name": "before"})
    observer = Observer(document, counts, story)
    for operation, answer in story.tell():
        yield operation, answer, observer


@pytest.fixture(scope="module")
def document(server) -> Document:
    return Document(server.url)


@pytest.fixture(scope="module")
def counts(server):
    counts = RowCounts(server.database)
    yield counts
    counts.close()


@pytest.fixture(scope="module")
def undisturbed(server, document, counts) -> list[tuple]:
    """The story as it goes when nothing is lost."""
    told_here = []
    for operation, _, observer in told(document, counts, Story(Tenant(server.url))):
        growth = observer.growth()
        assert [growth[table] for table in WRITTEN_WITH_EACH_CHANGE] == [1, 1, 1], operation
        told_here.append((operation, growth, observer.view()))
    return told_here


def test_the_story_has_every_operation(document):
    changes, reads = ({operation_id(name) for name, _ in table} for table in (CHANGES, READS))
    operations = document.operations.values()
    with_token = {o.name for o in operations if "opc-retry-token" in o.parameters("header")}
    assert changes == with_token
    assert reads == document.operations.keys() - with_token


@pytest.mark.parametrize("loss", LOSSES)
def test_a_change_is_made_once(server, proxy, document, counts, undisturbed, loss):
    tenant = Tenant(server.url, sdk=ml_ops_client(proxy.url))
    assert tenant.sdk.retry_strategy is DEFAULT_RETRY_STRATEGY
    story = told(document, counts, Story(tenant))
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
