"""The served document has the operations and fields of Oracle's own client, and no others."""

import re

import pytest
from aidp_python_client.aidataplatform_dp import MLOpsClient, models
from support.openapi import Document

PARAMETER = re.compile(r":param (\S+) (\w+): \((required|optional)\)")
RESULT = re.compile(r"data of type :class:`~oci\.aidataplatform_dp\.models\.(\w+)`")
LIST = re.compile(r"list\[(\w+)\]")
# What belongs to the client and not to the request.
OF_THE_CLIENT = {"retry_strategy", "allow_control_chars", "enable_strict_url_encoding"}
OF_EVERY_OPERATION = {"ai_data_platform_id", "workspace_key", "opc_request_id"}
# What this server never has to tell: it asks no jobs service.
NEVER_TOLD = {"ModelVersionDeploymentJobState": {"run_id", "current_task_name"}}


@pytest.fixture(scope="module")
def document(server) -> Document:
    return Document(server.url)


def snake(name: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", name).lower()


def method_of(operation):
    return getattr(MLOpsClient, snake(operation.name))


def parameters(method) -> dict[str, tuple[str, bool]]:
    """The type of each parameter, and whether it is required."""
    found = PARAMETER.findall(method.__doc__)
    return {
        name: (kind, need == "required")
        for kind, name, need in found
        if name not in OF_THE_CLIENT | OF_EVERY_OPERATION
    }


def model_of(kind: str):
    """The client's struct of that name, or of the items of that list."""
    name = LIST.match(kind)
    return getattr(models, name[1] if name else kind, None)


def is_required(struct, field: str) -> bool:
    return "**[Required]**" in getattr(struct, field).fget.__doc__


def agree(document: Document, schema: dict, struct) -> None:
    """Compares a schema with the client's struct, and so for all structs in it."""
    schema = document.resolve(schema)
    types = struct().swagger_types
    ours, theirs = set(schema.get("properties", {})), set(types)
    assert ours <= theirs, f"{struct.__name__} has no {ours - theirs}"
    missing = theirs - ours - NEVER_TOLD.get(struct.__name__, set())
    assert not missing, f"{struct.__name__}: {missing}"
    required = set(schema.get("required", []))
    for field in ours:
        # What we need beyond that is in docs/aidp.md; what the client needs, we always have.
        assert field in required or not is_required(struct, field), f"{struct.__name__}.{field}"
        inner = model_of(types[field])
        part = document.resolve(schema["properties"][field])
        if inner and hasattr(inner(), "swagger_types"):
            agree(document, part.get("items", part), inner)


def test_the_client_knows_each_operation(document):
    for operation in document.operations.values():
        assert callable(method_of(operation))


def test_each_request_has_the_fields_of_the_client(document):
    for operation in document.operations.values():
        known = parameters(method_of(operation))
        takes_token = known.pop("opc_retry_token", None) is not None
        assert takes_token == ("opc-retry-token" in operation.parameters("header"))
        if operation.method == "get":
            schema = operation.input
            assert set(schema["properties"]) == set(known)
            needed = {name for name, (_, required) in known.items() if required}
            assert set(schema["required"]) == needed
        else:
            [(kind, required)] = known.values()
            assert required
            agree(document, operation.input, getattr(models, kind.split(".")[-1]))


def test_each_answer_has_the_fields_of_the_client(document):
    for operation in document.operations.values():
        result = RESULT.search(method_of(operation).__doc__)
        if result:
            agree(document, operation.output, getattr(models, result[1]))
        else:
            assert operation.output.get("properties", {}) == {}, operation.name
