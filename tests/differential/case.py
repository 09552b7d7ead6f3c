"""One request of the suite, and the words to write it down with."""

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

NOTHING = object()
BASE = "/api/2.0/mlflow"
LONGEST_NAME = 220


@dataclass(frozen=True)
class Case:
    """A request for both servers. `${name}` in it stands for what each of them answered before."""

    method: str
    # Below /api/2.0/mlflow, or absolute.
    path: str
    query: str = ""
    # JSON to encode, text or bytes to send as they are, or NOTHING.
    body: object = NOTHING
    headers: dict[str, str] = field(default_factory=dict)
    # Variables and where the answer has their values: {"run": "run.info.run_id"}.
    save: dict[str, str] = field(default_factory=dict)
    label: str = ""

    @property
    def target(self) -> str:
        path = self.path if self.path.startswith("/") else f"{BASE}/{self.path}"
        return f"{path}?{self.query}" if self.query else path

    @property
    def name(self) -> str:
        """What identifies the case within its group, short enough to read."""
        if self.label:
            return self.label
        parts = [self.method, f"{self.path}?{self.query}" if self.query else self.path]
        if self.body is not NOTHING:
            is_raw = isinstance(self.body, str | bytes)
            parts.append(repr(self.body) if is_raw else json.dumps(self.body, ensure_ascii=False))
        parts += [f"[{name}: {value}]" for name, value in self.headers.items()]
        repeated = re.compile(r"(.)\1{19,}", re.DOTALL)
        name = repeated.sub(lambda run: f"{run[1]}*{len(run[0])}", " ".join(parts))
        return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}... {len(name)}"


def named(cases: Iterable[Case]) -> dict[str, Case]:
    """Cases by their names; the same request again is told apart by a number."""
    found: dict[str, Case] = {}
    for case in cases:
        names = itertools.chain([case.name], (f"{case.name} ({n})" for n in itertools.count(2)))
        found[next(name for name in names if name not in found)] = case
    return found


def get(path: str, options: dict | None = None, /, **query: object) -> Case:
    """A GET with arguments in the query; lists are repeated, what is None is left out."""
    present = {name: value for name, value in query.items() if value is not None}
    # Variables stay readable, and are encoded when their values are known.
    text = urlencode(present, doseq=True, safe="${}")
    return Case("GET", path, text, **(options or {}))


def post(path: str, body: object = NOTHING, **options: object) -> Case:
    return Case("POST", path, body=body, **options)


def patch(path: str, body: object = NOTHING, **options: object) -> Case:
    return Case("PATCH", path, body=body, **options)


def delete(path: str, body: object = NOTHING, **options: object) -> Case:
    return Case("DELETE", path, body=body, **options)


def put(path: str, body: object = NOTHING, **options: object) -> Case:
    return Case("PUT", path, body=body, **options)


def saving(case: Case, **places: str) -> Case:
    """The same request, of whose answer something is kept: `token="next_page_token"`."""
    return replace(case, save=places)


def posts(path: str, *bodies: object, **common: object) -> list[Case]:
    """One POST for each body; what they have in common is merged into each."""
    return [post(path, {**common, **body}) for body in bodies]


def tagged(key: object, value: object = "v") -> dict:
    """The part of a body that says what tags a new thing has."""
    return {"tags": [{"key": key, "value": value}]}
