"""Entity tags: each change makes a new one, and none is made when `if-match` names an old one."""

import pytest
from support.aidp import Tenant
from support.openapi import Document
from support.story import CHANGES, EXPERIMENT, MODEL, READS, RUN, VERSION, filled, operation_id

from .expectations import assert_error

# What each change is made to, by what its name holds: how to read its entity tag.
SUBJECTS = {
    "experiment_run": ("get_experiment_run_by_id", RUN),
    "experiment": ("get_experiment_by_id", EXPERIMENT),
    "model_version": ("get_model_version", VERSION),
    "registered_model": ("get_registered_model", MODEL),
}
# These make a thing that has no state to compare with; a version's is that of its model.
CREATIONS = {"create_experiment", "create_experiment_run", "create_registered_model"}
NEW_VERSIONS = {"create_model_version", "create_workspace_model_version"}


class Teller:
    """Tells the story by hand, with entity tags."""

    def __init__(self, document: Document, tenant: Tenant):
        self.document = document
        self.tenant = tenant
        self.ids: dict[str, str] = {}

    def send(self, operation: str, body: dict, **headers):
        found = self.document.operations[operation_id(operation)]
        names = (self.tenant.platform, self.tenant.workspace)
        return found.send(*names, filled(body, self.ids), headers=headers)

    def etag(self, operation: str, body: dict) -> str | None:
        """The entity tag of what the operation would change; none of what is gone."""
        kind = next(kind for kind in SUBJECTS if kind in f"{operation} ")
        kind = "registered_model" if operation in NEW_VERSIONS else kind
        read, subject = SUBJECTS[kind]
        named = {name: body.get(name, value) for name, value in subject.items()}
        return self.send(read, named).headers.get("etag")

    def everything(self) -> list[str]:
        return [self.send(*read).text for read in READS]

    def learn(self, answer: dict) -> None:
        if "experiment_id" in answer:
            self.ids["experiment"] = answer["experiment_id"]
        if "run" in answer:
            self.ids["run"] = answer["run"]["info"]["run_id"]


@pytest.fixture
def teller(server, tenant) -> Teller:
    return Teller(Document(server.url), tenant)


def test_a_change_is_made_while_its_subject_is_as_it_was(teller):
    for operation, body in CHANGES:
        if operation in CREATIONS:
            teller.learn(teller.send(operation, body).json())
            continue
        before, seen = teller.etag(operation, body), teller.everything()
        assert before == teller.etag(operation, body)
        for stale in ('"0"', f'W/"{before[1:-1]}0"', '"', "0, 1"):
            refused = teller.send(operation, body, **{"if-match": stale})
            assert_error(refused, 412, "NoEtagMatch")
        assert teller.everything() == seen, operation
        changed = teller.send(operation, body, **{"if-match": f'"0", {before}'})
        assert changed.status_code == 200, f"{operation}: {changed.text}"
        assert_new_tag(teller, operation, body, before, changed)


def assert_new_tag(teller: Teller, operation: str, body: dict, before: str, changed) -> None:
    now = teller.etag(operation, body)
    assert now != before, operation
    if operation == "rename_registered_model":
        assert "etag" not in changed.headers
    elif operation in NEW_VERSIONS:
        assert changed.headers["etag"] not in (before, now)
    else:
        assert changed.headers["etag"] != before
        assert now in (None, changed.headers["etag"]), operation


def test_any_state_will_do(teller):
    """`*` stands for whatever there is, and for something."""
    anything = {"if-match": "*"}
    for operation, body in CHANGES:
        answer = teller.send(operation, body, **anything)
        assert answer.status_code == 200, f"{operation}: {answer.text}"
        teller.learn(answer.json())
    gone = teller.send("update_registered_model", {"name": "c.s.renamed"}, **anything)
    assert_error(gone, 404, "NotAuthorizedOrNotFound")
