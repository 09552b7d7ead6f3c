"""Every operation of Oracle's client: the changes in an order in which each finds what it needs,
and what there is to read when they have been made."""

import inspect
import re
from collections.abc import Iterator

import requests
from aidp_python_client.aidataplatform_dp import MLOpsClient

from support.aidp import Tenant
from support.openapi import Document

PAIR = {"key": "k", "value": "v"}
OTHER = {"key": "other", "value": "w"}
DATASET = {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}"}
MODEL_JSON = '{"artifact_path": "model", "utc_time_created": "2026-01-01 00:00:00"}'
# In braces: what an earlier change has made.
EXPERIMENT = {"experiment_id": "{experiment}"}
RUN = {"run_id": "{run}"}
MODEL = {"name": "c.s.renamed"}
VERSION = {**MODEL, "version": "2"}

CHANGES: list[tuple[str, dict]] = [
    ("create_experiment", {"name": "e", "tags": [PAIR]}),
    ("set_experiment_tag", {**EXPERIMENT, **PAIR}),
    ("delete_experiment_tag", {**EXPERIMENT, "key": "k"}),
    ("update_experiment_tags", {**EXPERIMENT, "set_tags": [OTHER], "delete_tags": [{"key": "k"}]}),
    ("update_experiment", {**EXPERIMENT, "new_name": "f"}),
    ("delete_experiment", EXPERIMENT),
    ("restore_experiment", EXPERIMENT),
    ("create_experiment_run", {**EXPERIMENT, "run_name": "r", "start_time": 1, "tags": [PAIR]}),
    ("log_experiment_run_metric", {**RUN, "key": "m", "value": 0.5, "timestamp": 1, "step": 2}),
    (
        "log_experiment_run_batch",
        {
            **RUN,
            "metrics": [{"key": "m", "value": 0.25, "timestamp": 2}],
            "params": [PAIR],
            "tags": [OTHER],
        },
    ),
    ("log_experiment_run_param", {**RUN, **OTHER}),
    (
        "log_experiment_run_inputs",
        {**RUN, "dataset_inputs": [{"dataset": DATASET, "tags": [PAIR]}]},
    ),
    ("log_experiment_run_model", {**RUN, "model_json": MODEL_JSON}),
    ("set_experiment_run_tag", {**RUN, **PAIR}),
    ("delete_experiment_run_tag", {**RUN, "key": "k"}),
    ("update_experiment_run_tags", {**RUN, "set_tags": [PAIR], "delete_tags": [{"key": "other"}]}),
    (
        "update_experiment_run",
        {**RUN, "status": "FINISHED", "end_time": 9, "run_name": "s"},
    ),
    ("delete_experiment_run", RUN),
    ("restore_experiment_run", RUN),
    ("create_registered_model", {"name": "c.s.m", "tags": [PAIR]}),
    ("rename_registered_model", {"name": "c.s.m", "new_name": "c.s.renamed"}),
    ("update_registered_model", {**MODEL, "description": "d", "deployment_job_id": "j"}),
    ("set_registered_model_tag", {**MODEL, **OTHER}),
    ("delete_registered_model_tag", {**MODEL, "key": "other"}),
    ("update_registered_model_tags", {**MODEL, "set_tags": [OTHER], "delete_tags": []}),
    ("create_model_version", {**MODEL, "source": "s", "run_id": "{run}", "tags": [PAIR]}),
    ("create_workspace_model_version", {**MODEL, "source": "s", "run_id": "{run}"}),
    ("update_model_version", {**VERSION, "description": "d"}),
    ("set_model_version_tag", {**VERSION, **PAIR}),
    ("delete_model_version_tag", {**VERSION, "key": "k"}),
    ("update_model_version_tags", {**VERSION, "set_tags": [OTHER], "delete_tags": []}),
    (
        "transition_model_version_stage",
        {**VERSION, "stage": "Staging", "archive_existing_versions": True},
    ),
    ("delete_model_version", VERSION),
    ("delete_registered_model", MODEL),
    ("delete_experiment_run", {**RUN, "is_permanent": True}),
    ("delete_experiment", {**EXPERIMENT, "is_permanent": True}),
]

READS: list[tuple[str, dict]] = [
    ("get_experiment_by_id", EXPERIMENT),
    ("get_experiment_by_name", {"experiment_name": "f"}),
    # Not by the time of the last update, which two may share.
    ("list_experiments", {"view_type": "ALL", "order_by": ["name"]}),
    ("get_experiment_run_by_id", RUN),
    ("get_experiment_run_metric_history", {**RUN, "metric_key": "m"}),
    ("list_experiment_runs", {"experiment_ids": ["{experiment}"], "run_view_type": "ALL"}),
    ("list_artifacts", RUN),
    ("list_logged_models", {"experiment_ids": ["{experiment}"]}),
    ("get_registered_model", MODEL),
    ("get_registered_model_summary", {"catalog": "c", "schema": "s"}),
    ("list_registered_models", {}),
    ("get_model_version", VERSION),
    ("list_model_versions", {}),
]
# Ids that the server chooses, before it has.
UNKNOWN = {"experiment": "4711", "run": "0" * 32}


class Story:
    """Makes the changes in a tenant, one after the other, with retry tokens that begin with
    `tokens`; without it the client makes them."""

    def __init__(self, tenant: Tenant, tokens: str | None = None):
        self.tenant = tenant
        self.tokens = tokens
        # The ids that the server has chosen, by the names that stand for them.
        self.ids: dict[str, str] = {}

    def tell(self) -> Iterator[tuple[str, object]]:
        """Makes each change; gives its operation and the client's answer."""
        for number, (operation, body) in enumerate(CHANGES):
            token = {"opc_retry_token": f"{self.tokens}-{number}"} if self.tokens else {}
            answer = call(self.tenant, operation, filled(body, self.ids), **token)
            self._learn(operation, answer.data)
            yield operation, answer

    def tell_until(self, last: str) -> "Story":
        """Makes the changes up to the first of an operation, that one included."""
        for operation, _ in self.tell():
            if operation == last:
                return self
        raise ValueError(last)

    def _learn(self, operation: str, data) -> None:
        if operation == "create_experiment":
            self.ids["experiment"] = data.experiment_id
        if operation == "create_experiment_run":
            self.ids["run"] = data.run.info.run_id


def call(tenant: Tenant, operation: str, *arguments, **options):
    """Calls an operation of the client in the scope that it has."""
    scope = [tenant.platform, tenant.workspace] if is_in_workspace(operation) else [tenant.platform]
    return getattr(tenant.sdk, operation)(*scope, *arguments, **options)


def is_in_workspace(operation: str) -> bool:
    """Whether an operation names a workspace beside its platform."""
    return "workspace_key" in inspect.signature(getattr(MLOpsClient, operation)).parameters


def ask(document: Document, tenant: Tenant, operation: str, arguments: dict) -> requests.Response:
    """Sends an operation by hand, so that its answer can be compared word by word."""
    found = document.operations[operation_id(operation)]
    return found.send(tenant.platform, tenant.workspace, arguments)


def operation_id(operation: str) -> str:
    """The document's name of an operation of the client."""
    return re.sub("_(.)", lambda letter: letter[1].upper(), operation)


def filled(value, ids: dict[str, str]):
    """A body with what stands in braces replaced."""
    if isinstance(value, dict):
        return {key: filled(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, ids) for item in value]
    is_name = isinstance(value, str) and value[1:-1] in ids and value[0] + value[-1] == "{}"
    return ids[value[1:-1]] if is_name else value
