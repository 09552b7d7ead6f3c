"""The served document says what the server does: its limits, its answers, its errors."""

import json
import math

import pytest
from support.http import MLFLOW_AGENT, Api
from support.openapi import Document, kind, written

from .expectations import assert_error

# Longer ones do not fit into a body, or into a request line.
LONGEST_TEXT = {"post": 2_000_000, "get": 10_000}


@pytest.fixture(scope="module")
def document(server) -> Document:
    return Document(server.url)


def test_the_document_is_open_to_everyone_and_describes_every_operation(document):
    assert document.content["openapi"].startswith("3.1")
    assert len(document.operations) == 47


def test_every_required_field_is_missed_by_name(document, tenant):
    for operation in document.operations.values():
        for place in document.required(operation.input):
            arguments = document.with_value(operation.input, place, None)
            answer = operation.send(tenant.platform, tenant.workspace, arguments)
            assert_error(answer, 400, "MissingParameter", f"'{written(place)}'")
            operation.check(answer)


def beyond(schema: dict, items: list) -> list[tuple[object, str]]:
    """Values that a schema just does not allow, and what their refusal says."""
    values = []
    match kind(schema):
        case "string" if "enum" in schema:
            values.append(("x", "one of"))
        case "string":
            most, least = schema["maxLength"], schema["minLength"]
            values.append(("0" * (most + 1), f"got {most + 1}"))
            values += [("", "got 0")] if least == 1 else []
        case "integer":
            values += [(schema["minimum"] - 1, "allowed")] if "minimum" in schema else []
            values += [(schema["maximum"] + 1, "allowed")] if "maximum" in schema else []
        case "array":
            most = schema["maxItems"]
            values.append((items * (most + 1), f"got {most + 1}"))
    return values


def edges(schema: dict, items: list) -> list:
    """The largest and smallest values that a schema allows."""
    match kind(schema):
        case "string" if "enum" in schema:
            return schema["enum"]
        case "string":
            return ["0" * schema["maxLength"], "0" * schema["minLength"]]
        case "integer":
            return [schema[edge] for edge in ("minimum", "maximum") if edge in schema]
        case "array":
            return [items * schema["maxItems"], []]
        case "boolean":
            return [True, False]
    return []


def fields_with_items(document, operation):
    for place, schema in document.fields(operation.input):
        if schema.get("maxLength", 0) < LONGEST_TEXT[operation.method]:
            items = [document.smallest(schema["items"])] if kind(schema) == "array" else []
            yield place, schema, items


def test_every_limit_holds_one_past_its_edge(document, tenant):
    tried = 0
    for operation in document.operations.values():
        for place, schema, items in fields_with_items(document, operation):
            for value, says in beyond(schema, items):
                arguments = document.with_value(operation.input, place, value)
                answer = operation.send(tenant.platform, tenant.workspace, arguments)
                assert_error(answer, 400, "InvalidParameter", f"'{written(place)}'")
                assert says in answer.json()["message"]
                operation.check(answer)
                tried += 1
    assert tried > 200


def test_no_limit_is_closer_than_it_says(document, tenant):
    """The edge itself is never refused for its length, number or value."""
    for operation in document.operations.values():
        for place, schema, items in fields_with_items(document, operation):
            for value in edges(schema, items):
                arguments = document.with_value(operation.input, place, value)
                answer = operation.send(tenant.platform, tenant.workspace, arguments)
                operation.check(answer)
                assert answer.status_code < 500
                for refusal in ("are allowed, got", "is allowed, got", "one of"):
                    assert refusal not in answer.text, (operation.name, written(place))


# For each type, values that are not of it; a query has only texts.
WRONG = {
    "post": {
        "string": [1, 0.5, True, {}, ["x"]],
        "integer": ["x", "1.5", 1.5, True, {}, [1], 2**63],
        "boolean": ["x", 1, {}, [True]],
        "array": ["x", 1, True, {}],
        "object": ["x", 1, True, ["x"]],
        None: ["x", True, {}, [1]],
    },
    "get": {"integer": ["x", "1.5", "NaN", 2**63], "boolean": ["x", 1], "string": []},
}


def test_every_field_has_its_type(document, tenant):
    tried = 0
    for operation in document.operations.values():
        for place, schema in document.fields(operation.input):
            for value in WRONG[operation.method][kind(schema)]:
                arguments = document.with_value(operation.input, place, value)
                answer = send_as_is(operation, tenant, arguments)
                assert_error(answer, 400, "InvalidParameter", f"'{written(place)}'")
                tried += 1
    assert tried > 600


def test_integers_may_be_written_as_text(document, tenant):
    """And, where there are floats, as whole ones: an answer is never about the type then."""
    for operation in document.operations.values():
        for place, schema in document.fields(operation.input):
            if kind(schema) == "integer":
                for value in ("7",) if operation.method == "get" else ("7", 7.0):
                    arguments = document.with_value(operation.input, place, value)
                    answer = send_as_is(operation, tenant, arguments)
                    assert f"'{written(place)}'" not in answer.text, answer.text


@pytest.mark.parametrize("literal", [math.nan, math.inf, -math.inf])
def test_bare_literals_are_numbers_only_where_numbers_may_be(document, tenant, literal):
    """As Oracle's client writes them."""
    for operation in document.operations.values():
        for place, schema in document.fields(operation.input):
            if operation.method == "post":
                arguments = document.with_value(operation.input, place, literal)
                answer = send_as_is(operation, tenant, arguments)
                operation.check(answer)
                if kind(schema) is None:
                    assert f"'{written(place)}'" not in answer.text, answer.text
                else:
                    assert answer.status_code == 400, (operation.name, arguments)
                    assert answer.json()["code"] in ("CannotParseRequest", "InvalidParameter")


def send_as_is(operation, tenant, arguments: dict):
    """Sends JSON with the literals that are not JSON, which `requests` would refuse."""
    path = operation.path.format(aiDataPlatformId=tenant.platform, workspaceKey=tenant.workspace)
    api = Api(f"{operation.document.url}{path}".rpartition("/")[0])
    last = path.rpartition("/")[2]
    if operation.method == "get":
        return api.get(last, params=arguments)
    headers = {"content-type": "application/json"}
    return api.send("POST", last, data=json.dumps(arguments), headers=headers)


class Story:
    """Every operation once, in an order in which each finds what it needs."""

    def __init__(self, document: Document, tenant):
        self.document = document
        self.tenant = tenant
        self.told = set()

    def tell(self, name: str, /, **arguments) -> dict:
        operation = self.document.operations[name]
        answer = operation.send(self.tenant.platform, self.tenant.workspace, arguments)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        operation.check(answer)
        self.told.add(name)
        return answer.json()

    def of_experiments(self) -> str:
        tags = [{"key": "a", "value": "1"}]
        one = {"experiment_id": self.tell("createExperiment", name="e", tags=tags)["experiment_id"]}
        self.tell("setExperimentTag", **one, key="k", value="v")
        self.tell("deleteExperimentTag", **one, key="k")
        self.tell("updateExperimentTags", **one, set_tags=tags, delete_tags=[{"key": "b"}])
        self.tell("updateExperiment", **one, new_name="f")
        self.tell("deleteExperiment", **one)
        self.tell("restoreExperiment", **one)
        self.tell("getExperimentById", **one)
        self.tell("getExperimentByName", experiment_name="f")
        self.tell("createExperiment", name="g")
        assert "next_page_token" in self.tell("listExperiments", max_results=1)
        return one["experiment_id"]

    def of_runs(self, experiment_id: str) -> str:
        run = self.tell("createExperimentRun", experiment_id=experiment_id, start_time=1)["run"]
        one = {"run_id": run["info"]["run_id"]}
        point = {"key": "loss", "value": "NaN", "timestamp": 1}
        pair = {"key": "p", "value": "v"}
        self.tell("logExperimentRunMetric", **one, key="m", value=0.5, timestamp=2, step=-3)
        self.tell("logExperimentRunBatch", **one, metrics=[point], params=[pair], tags=[pair])
        self.tell("logExperimentRunParam", **one, key="q", value="v")
        self.tell("logExperimentRunInputs", **one, dataset_inputs=[self.dataset()])
        model = '{"artifact_path": "model", "utc_time_created": "2026-01-01 00:00:00"}'
        self.tell("logExperimentRunModel", **one, model_json=model)
        self.tell("setExperimentRunTag", **one, key="k", value="v")
        self.tell("deleteExperimentRunTag", **one, key="k")
        self.tell("updateExperimentRunTags", **one, set_tags=[pair], delete_tags=[{"key": "b"}])
        self.tell("updateExperimentRun", **one, status="FINISHED", end_time=9, run_name="r")
        self.tell("deleteExperimentRun", **one)
        self.tell("restoreExperimentRun", **one)
        self.tell("getExperimentRunById", **one)
        self.tell("listExperimentRuns", experiment_ids=[experiment_id])
        self.tell("getExperimentRunMetricHistory", **one, metric_key="loss")
        self.tell("listArtifacts", **one)
        return one["run_id"]

    def dataset(self) -> dict:
        names = ("name", "digest", "source_type", "source", "schema", "profile")
        return {"dataset": dict.fromkeys(names, "x"), "tags": [{"key": "k", "value": "v"}]}

    def of_logged_models(self, experiment_id: str, run_id: str) -> None:
        """This dialect only reads them; the other one makes them."""
        api = Api(self.tenant.workspace_api.base_url, MLFLOW_AGENT)
        new = {
            "experiment_id": experiment_id,
            "source_run_id": run_id,
            "params": [{"key": "depth", "value": "3"}],
        }
        model_id = api.post("logged-models", new).json()["model"]["info"]["model_id"]
        point = {"key": "loss", "value": 0.5, "timestamp": 1, "step": 0, "model_id": model_id}
        point |= {"dataset_name": "d", "dataset_digest": "x"}
        logged = api.post("runs/log-metric", {"run_id": run_id, **point})
        assert logged.status_code == 200, logged.text
        found = self.tell("listLoggedModels", experiment_ids=[experiment_id])
        assert found["models"][0]["data"]["metrics"]

    def of_the_registry(self, run_id: str) -> None:
        pair = {"key": "k", "value": "v"}
        self.tell("createRegisteredModel", name="c.s.m", deployment_job_id="j", tags=[pair])
        self.tell("renameRegisteredModel", name="c.s.m", new_name="c.s.n")
        one = {"name": "c.s.n"}
        new = {**one, "source": "s3://b/m", "tags": [pair], "description": "d", "run_link": "l"}
        self.tell("createModelVersion", **new)
        self.tell("createWorkspaceModelVersion", **new, run_id=run_id)
        version = {**one, "version": "2"}
        self.tell("updateModelVersion", **version, description="e")
        self.tell("setModelVersionTag", **version, key="t", value="v")
        self.tell("deleteModelVersionTag", **version, key="t")
        self.tell("updateModelVersionTags", **version, set_tags=[pair], delete_tags=[])
        stage = {"stage": "Production", "archive_existing_versions": True}
        self.tell("transitionModelVersionStage", **version, **stage)
        self.tell("getModelVersion", **version)
        self.tell("listModelVersions", filter="name = 'c.s.n'", max_results=1)
        self.tell("updateRegisteredModel", **one, description="d")
        self.tell("setRegisteredModelTag", **one, key="t", value="v")
        self.tell("deleteRegisteredModelTag", **one, key="t")
        self.tell("updateRegisteredModelTags", **one, set_tags=[pair], delete_tags=[])
        self.tell("getRegisteredModel", **one)
        self.tell("listRegisteredModels", is_deployment_summary_enabled="true")
        self.tell("getRegisteredModelSummary", catalog="c", schema="s")
        self.tell("deleteModelVersion", **version)
        self.tell("deleteRegisteredModel", **one)


def test_every_answer_is_as_the_document_says(document, tenant):
    story = Story(document, tenant)
    experiment_id = story.of_experiments()
    run_id = story.of_runs(experiment_id)
    story.of_logged_models(experiment_id, run_id)
    story.of_the_registry(run_id)
    assert story.told == set(document.operations)
