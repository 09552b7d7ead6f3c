"""The document that a server serves, and requests and checks that are made from it alone."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import jsonschema_rs
import requests

from support.http import TIMEOUT_SECONDS

PATH = "20260430/openapi.json"
Place = tuple[str | int, ...]


@dataclass
class Operation:
    """One operation of a document."""

    name: str
    method: str
    path: str
    description: dict
    document: "Document"

    @property
    def input(self) -> dict:
        """The schema of the body, or of the arguments of the query as if they were one."""
        if "requestBody" in self.description:
            return self.document.resolve(_json_schema(self.description["requestBody"]))
        arguments = self.parameters("query")
        required = [name for name, argument in arguments.items() if argument["required"]]
        properties = {name: argument["schema"] for name, argument in arguments.items()}
        return {"type": "object", "properties": properties, "required": required}

    @property
    def output(self) -> dict:
        """The schema of the answer when all went well."""
        return self.document.resolve(_json_schema(self.description["responses"]["200"]))

    def parameters(self, place: str) -> dict[str, dict]:
        """The parameters that are in the path, the query or the headers, by name."""
        resolved = map(self.document.resolve, self.description["parameters"])
        return {parameter["name"]: parameter for parameter in resolved if parameter["in"] == place}

    def send(
        self, platform: str, workspace: str, arguments: dict, headers: dict | None = None
    ) -> requests.Response:
        path = self.path.format(aiDataPlatformId=platform, workspaceKey=workspace)
        place = "params" if self.method == "get" else "json"
        return requests.request(
            self.method,
            f"{self.document.url}{path}",
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            **{place: arguments},
        )

    def check(self, answer: requests.Response) -> None:
        """Fails unless an answer is one that the document describes, with nothing beside it."""
        described = self.description["responses"].get(str(answer.status_code))
        assert described, f"{self.name} answers {answer.status_code}: {answer.text}"
        described = self.document.resolve(described)
        assert answer.headers["content-type"] in described["content"]
        for name, header in described["headers"].items():
            required = self.document.resolve(header).get("required")
            assert name in answer.headers or not required, f"{self.name} has no {name}"
        schema = described["content"]["application/json"]["schema"]
        self.document.strict_validator(schema).validate(answer.json())


class Document:
    """The document of the server at a URL."""

    def __init__(self, url: str):
        self.url = url
        answer = requests.get(f"{url}/{PATH}", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        self.content = answer.json()
        self.operations = {operation.name: operation for operation in self._operations()}
        self._strict_components = _closed(self.content["components"])

    def _operations(self) -> Iterator[Operation]:
        for path, methods in self.content["paths"].items():
            for method, description in methods.items():
                yield Operation(description["operationId"], method, path, description, self)

    def resolve(self, value: dict) -> dict:
        """What a reference leads to; and of a choice between a schema and null, the schema."""
        if "$ref" in value:
            found = self.content
            for step in value["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return found
        choices = [choice for choice in value.get("anyOf", []) if choice.get("type") != "null"]
        return self.resolve(choices[0]) if len(choices) == 1 else value

    def strict_validator(self, schema: dict) -> jsonschema_rs.Draft202012Validator:
        """Refuses members that the schema does not name."""
        return jsonschema_rs.Draft202012Validator({**schema, "components": self._strict_components})

    def smallest(self, schema: dict):
        """A value with the fewest members that the schema allows."""
        schema = self.resolve(schema)
        if "enum" in schema:
            return schema["enum"][0]
        match kind(schema):
            case "object":
                required = schema.get("required", [])
                return {name: self.smallest(schema["properties"][name]) for name in required}
            case "array":
                return []
            case "integer":
                return max(schema.get("minimum", 0), 0)
            case "boolean":
                return True
            case "string":
                return "0"
            case _:
                return 0.5

    def fields(self, schema: dict, place: Place = ()) -> Iterator[tuple[Place, dict]]:
        """All fields of a schema, those of the items of lists among them, with their places."""
        schema = self.resolve(schema)
        for name, field in schema.get("properties", {}).items():
            yield (*place, name), self.resolve(field)
            yield from self.fields(field, (*place, name))
        if kind(schema) == "array":
            yield from self.fields(schema["items"], (*place, 0))

    def with_value(self, schema: dict, place: Place, value):
        """The smallest value of a schema that has `value` at a place."""
        if not place:
            return value
        schema, first = self.resolve(schema), place[0]
        if first == 0:
            return [self.with_value(schema["items"], place[1:], value)]
        inner = self.with_value(schema["properties"][first], place[1:], value)
        return {**self.smallest(schema), first: inner}

    def required(self, schema: dict, place: Place = ()) -> Iterator[Place]:
        """The places of all fields that must be there."""
        for field, _ in self.fields(schema):
            owner = schema
            for step in field[:-1]:
                owner = self.resolve(owner)
                owner = owner["items"] if step == 0 else owner["properties"][step]
            if field[-1] in self.resolve(owner).get("required", []):
                yield field


def kind(schema: dict) -> str | None:
    """The type of a schema, that it may be null left aside."""
    kinds = schema.get("type")
    return next(kind for kind in kinds if kind != "null") if isinstance(kinds, list) else kinds


def written(place: Place) -> str:
    """A place as messages write it, such as `tags[0].key`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")


def _json_schema(content: dict) -> dict:
    return content["content"]["application/json"]["schema"]


def _closed(components: dict) -> dict:
    components = copy.deepcopy(components)
    for schema in components["schemas"].values():
        if schema.get("type") == "object":
            schema["additionalProperties"] = False
    return components
