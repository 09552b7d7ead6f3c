"""One server of a comparison: sends it requests, keeps its variables, and reads its answers."""

import http.client
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from differential.case import NOTHING, Case

TIMEOUT_SECONDS = 120
HEADERS = (
    "content-type",
    "content-disposition",
    "content-range",
    "x-content-type-options",
    "x-frame-options",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
)
# Of answers that send a file; the length of JSON depends on how it is written.
FILE_HEADERS = ("accept-ranges", "content-length")
# Lists whose order the reference does not promise; it follows that of its database.
UNORDERED = (
    "model_inputs",
    "model_outputs",
    "tags",
    "params",
    "aliases",
    "dataset_summaries",
    "data.metrics",
)
RANDOM_NAME = re.compile(r"[a-z]+-[a-z]+-\d+")
GENERATED_ID = re.compile(r"\b[0-9a-f]{32}\b")
A_TIME = re.compile(r"\b\d{13}\b")
A_DAY_MS = 86_400_000
# What an artifact location ends with, but for its query, or has before the id of a run.
LAST_NUMBER = re.compile(r"(?<=/)\d+(?=$|\?|/[0-9a-f]{32})")
# Numbers of experiments are told from other numbers by what stands around them.
EXPERIMENT_NUMBER = re.compile(
    r"((?:mlflow-artifacts:/(?:workspaces/[^/]+/)?|\bid[= ]|\bexperiment ))(\d+)\b"
)


@dataclass
class Answer:
    """What a server answered, without what differs by nature."""

    status: int
    headers: dict[str, str | None]
    body: object


class Side:
    """A server, the values that it made, and a connection that is kept."""

    def __init__(self, name: str, port: int, directory: Path):
        self.name = name
        self.port = port
        self.directory = directory
        self.variables: dict[str, str] = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)

    def ask(self, case: Case) -> Answer:
        """Sends the request and keeps what the case wants of the answer."""
        response, content = self._exchange(case)
        body = decoded(content)
        for name, place in case.save.items():
            self.variables[name] = str(found_at(body, place))
        is_file = response.getheader("content-disposition") is not None
        compared = HEADERS + (FILE_HEADERS if is_file else ())
        headers = {name: response.getheader(name) for name in compared}
        return Answer(response.status, headers, self.normalised(body))

    def _exchange(self, case: Case) -> tuple[http.client.HTTPResponse, bytes]:
        target = self._filled(case.target, lambda value: quote(value, safe=""))
        headers = {name: self._filled(value) for name, value in case.headers.items()}
        body = self._body(case)
        if body is not None and not isinstance(case.body, bytes):
            headers = {"content-type": "application/json", **headers}
        headers = {name: value for name, value in headers.items() if value is not None}
        try:
            return self._send(case.method, target, body, headers)
        except (http.client.BadStatusLine, ConnectionError):
            # The server closed a connection that it had kept.
            self.connection.close()
            return self._send(case.method, target, body, headers)

    def _send(self, method: str, target: str, body: bytes | None, headers: dict):
        self.connection.request(method, target, body, headers)
        response = self.connection.getresponse()
        return response, response.read()

    def _body(self, case: Case) -> bytes | None:
        if case.body is NOTHING:
            return None
        if isinstance(case.body, bytes):
            return case.body
        text = case.body if isinstance(case.body, str) else json.dumps(case.body)
        return self._filled(text).encode()

    def _filled(self, text: str | None, encode=str) -> str | None:
        """The text with the values of this side in place of the variables."""
        if text is None:
            return None
        return re.sub(r"\$\{(\w+)\}", lambda found: encode(self.variables[found[1]]), text)

    def normalised(self, value: object, place: str = "") -> object:
        """The same JSON with names in place of ids, times, ports, tokens and directories."""
        key = place.rpartition(".")[2]
        if isinstance(value, dict):
            return {k: self.normalised(v, f"{key}.{k}") for k, v in value.items()}
        if isinstance(value, list):
            items = [self.normalised(item, place) for item in value]
            is_unordered = key in UNORDERED or place in UNORDERED
            return sorted(items, key=json.dumps) if is_unordered else items
        if isinstance(value, str):
            if key == "next_page_token":
                return "<token>"
            if key == "experiment_id":
                return self._experiment(value)
            if key in ("artifact_location", "artifact_uri"):
                value = LAST_NUMBER.sub(lambda found: self._experiment(found[0]), value)
            return self._normalised_text(value)
        return "<now>" if isinstance(value, int) and is_now(value) else value

    def _normalised_text(self, text: str) -> str:
        if RANDOM_NAME.fullmatch(text):
            return "<random name>"
        known = {value: f"<{name}>" for name, value in self.variables.items()}
        known = {value: name for value, name in known.items() if not value.isdigit()}
        known |= {str(self.directory): "<directory>", f"127.0.0.1:{self.port}": "<host>"}
        for value in sorted(known, key=len, reverse=True):
            text = text.replace(value, known[value])
        text = GENERATED_ID.sub("<id>", text)
        text = EXPERIMENT_NUMBER.sub(lambda found: found[1] + self._experiment(found[2]), text)
        return A_TIME.sub(lambda found: "<now>" if is_now(int(found[0])) else found[0], text)

    def _experiment(self, number: str) -> str:
        """The name of the variable that holds the number of an experiment, if there is one."""
        names = (name for name, value in self.variables.items() if value == number)
        return next((f"<{name}>" for name in names), number)


def is_now(number: int) -> bool:
    """Whether a number is a time in ms that a server just took from its clock."""
    return abs(number - time.time() * 1000) < A_DAY_MS


def decoded(content: bytes) -> object:
    """JSON where it is JSON, else text, else the bytes."""
    try:
        return json.loads(content)
    except ValueError:
        pass
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def found_at(body: object, place: str) -> object:
    """The value at a path such as `runs.0.info.run_id`."""
    for step in place.split("."):
        try:
            body = body[int(step)] if isinstance(body, list) else body[step]
        except (KeyError, IndexError, TypeError):
            return "nothing-was-saved"
    return body
