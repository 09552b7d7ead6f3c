"""Lists read page by page to the end through Oracle's client while others write: what was there
before is on one page, and nothing is on two."""

import itertools
import random
import threading
from collections import Counter

import pytest
from support.aidp import Tenant, models
from support.disk import files_below
from support.http import MLFLOW_AGENT, Api

KEPT = 40
KEPT_FILES = 2500
PAGE = 3


class Collection:
    """Something that is listed: how to add to it and take from it, and how to read a page of it."""

    def __init__(self, tenant: Tenant, order: str | None):
        self.tenant = tenant
        self.order = order
        self.workspace = tenant.workspace_api
        self.platform = tenant.platform_api

    def add(self, label: str) -> str:
        """Adds an item; gives what names it."""
        raise NotImplementedError

    def remove(self, item: str) -> None:
        raise NotImplementedError

    def page(self, **token) -> tuple[list[str], str | None]:
        """The items of a page, and the token of the next."""
        raise NotImplementedError

    def listed(self, operation: str, **search):
        """What an operation of a workspace that takes its search in the body answers."""
        kind = "".join(part.title() for part in operation.split("_"))
        details = getattr(models, f"{kind}Details")(max_results=PAGE, **search)
        method = getattr(self.tenant.sdk, operation)
        return method(self.tenant.platform, self.tenant.workspace, details).data


class Experiments(Collection):
    def add(self, label: str) -> str:
        return must(self.workspace.post("experiments/create", {"name": label}))["experiment_id"]

    def remove(self, item: str) -> None:
        must(self.workspace.post("experiments/delete", {"experiment_id": item}))

    def page(self, **token) -> tuple[list[str], str | None]:
        found = self.listed("list_experiments", order_by=clauses(self.order), **token)
        return [item.experiment_id for item in found.experiments], found.next_page_token


class Runs(Collection):
    def add(self, label: str) -> str:
        new = {"experiment_id": "0", "run_name": label, "start_time": random.randrange(50)}
        run = must(self.workspace.post("runs/create", new))["run"]["info"]["run_id"]
        if random.random() < 0.7:
            point = {"key": "m", "value": random.choice([0.5, 1, "NaN"]), "timestamp": 1}
            must(self.workspace.post("runs/log-metric", {"run_id": run, **point}))
        return run

    def remove(self, item: str) -> None:
        must(self.workspace.post("runs/delete", {"run_id": item, "is_permanent": True}))

    def page(self, **token) -> tuple[list[str], str | None]:
        search = {"experiment_ids": ["0"], "order_by": clauses(self.order), **token}
        found = self.listed("list_experiment_runs", **search)
        return [item.info.run_id for item in found.runs], found.next_page_token


class MetricHistory(Collection):
    """The points of one series; they are added alone."""

    def __init__(self, tenant: Tenant, order: str | None):
        super().__init__(tenant, order)
        self.run = tenant.create_run("0").info.run_id

    def add(self, label: str) -> str:
        point = {"value": random.random(), "timestamp": random.randrange(20), "step": 0}
        must(self.workspace.post("runs/log-metric", {"run_id": self.run, "key": "m", **point}))
        return repr((point["timestamp"], point["value"]))

    def remove(self, item: str) -> None:
        """Points stay."""

    def page(self, **token) -> tuple[list[str], str | None]:
        found = self.tenant.sdk.get_experiment_run_metric_history(
            self.tenant.platform, self.tenant.workspace, self.run, "m", max_results=PAGE, **token
        ).data
        items = [repr((point.timestamp, point.value)) for point in found.metrics]
        return items, found.next_page_token


class LoggedModels(Collection):
    def __init__(self, tenant: Tenant, order: str | None):
        super().__init__(tenant, order)
        self.mlflow = Api(tenant.workspace_api.base_url, MLFLOW_AGENT)

    def add(self, label: str) -> str:
        new = {"experiment_id": "0", "name": label}
        return must(self.mlflow.post("logged-models", new))["model"]["info"]["model_id"]

    def remove(self, item: str) -> None:
        must(self.mlflow.send("DELETE", f"logged-models/{item}"))

    def page(self, **token) -> tuple[list[str], str | None]:
        order = [models.LoggedModelOrder(field_name=self.order)] if self.order else None
        search = {"experiment_ids": ["0"], "order_by": order, **token}
        found = self.listed("list_logged_models", **search)
        return [item.info.model_id for item in found.models], found.next_page_token


class RegisteredModels(Collection):
    def add(self, label: str) -> str:
        must(self.platform.post("registered-models/create", {"name": label}))
        return label

    def remove(self, item: str) -> None:
        must(self.platform.post("registered-models/delete", {"name": item}))

    def page(self, **token) -> tuple[list[str], str | None]:
        options = {"order_by": self.order} if self.order else {}
        found = self.tenant.sdk.list_registered_models(
            self.tenant.platform, max_results=PAGE, **options, **token
        ).data
        return [item.name for item in found.registered_models], found.next_page_token


class ModelVersions(Collection):
    """The versions of two models, whose changes meet."""

    def __init__(self, tenant: Tenant, order: str | None):
        super().__init__(tenant, order)
        for name in "mn":
            tenant.create_model(name)

    def add(self, label: str) -> str:
        new = {"name": random.choice("mn"), "source": label}
        version = must(self.platform.post("model-versions/create", new))["model_version"]
        return f"{version['name']}/{version['version']}"

    def remove(self, item: str) -> None:
        name, version = item.split("/")
        must(self.platform.post("model-versions/delete", {"name": name, "version": version}))

    def page(self, **token) -> tuple[list[str], str | None]:
        options = {"order_by": self.order} if self.order else {}
        found = self.tenant.sdk.list_model_versions(
            self.tenant.platform, max_results=PAGE, **options, **token
        ).data
        items = [f"{item.name}/{item.version}" for item in found.model_versions]
        return items, found.next_page_token


class Artifacts(Collection):
    """The files of a run. Pages of this list are as large as the server likes, so there are many
    files before, put where the server keeps them."""

    def __init__(self, tenant: Tenant, order: str | None):
        super().__init__(tenant, order)
        info = tenant.create_run("0").info
        self.run, self.path = info.run_id, info.artifact_uri.removeprefix("mlflow-artifacts:/")
        files = f"{tenant.tracking_uri}/api/2.0/mlflow-artifacts/artifacts"
        self.files = Api(files, MLFLOW_AGENT)
        self.directory = None

    def add(self, label: str) -> str:
        if self.directory:
            (self.directory / label).write_bytes(b"x")
        else:
            must(self.files.send("PUT", f"{self.path}/{label}", data=b"x"))
        return label

    def remove(self, item: str) -> None:
        must(self.files.send("DELETE", f"{self.path}/{item}"))

    def page(self, **token) -> tuple[list[str], str | None]:
        found = self.tenant.sdk.list_artifacts(
            self.tenant.platform, self.tenant.workspace, self.run, **token
        ).data
        return [item.path for item in found.files], found.next_page_token


COLLECTIONS = [
    (Experiments, None),
    (Experiments, "name DESC"),
    (Runs, None),
    (Runs, "attributes.run_name ASC"),
    (Runs, "metrics.m DESC"),
    (MetricHistory, None),
    (LoggedModels, None),
    (LoggedModels, "name"),
    (RegisteredModels, None),
    (RegisteredModels, "last_updated_timestamp DESC"),
    (ModelVersions, None),
    (ModelVersions, "name, version DESC"),
    (Artifacts, None),
]


def must(answer) -> dict:
    assert answer.status_code == 200, answer.text
    return answer.json() if answer.content else {}


def clauses(order: str | None) -> list[str] | None:
    return [order] if order else None


class Writer(threading.Thread):
    """Adds items all the time, and removes every other one of its own again; but it waits for a
    reader that falls behind, who would else never come to the end."""

    # Half of them are taken back: fewer items come than a page shows.
    CHANGES_PER_PAGE = 4

    def __init__(self, collection: Collection):
        super().__init__(daemon=True)
        self.collection = collection
        self.changes = threading.Semaphore(0)
        self.permits = threading.Semaphore(0)
        self.is_over = False
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            added = []
            for number in itertools.count():
                self.permits.acquire()
                if self.is_over:
                    return
                added.append(self.collection.add(f"{random.randrange(16**6):06x}-new-{number}"))
                if random.random() < 0.5:
                    self.collection.remove(added.pop(random.randrange(len(added))))
                self.changes.release()
        except BaseException as error:
            self.error = error

    def run_ahead(self) -> None:
        """Lets it make the changes of the next page, some of them while that page is read."""
        self.permits.release(self.CHANGES_PER_PAGE)

    def wait(self) -> None:
        """Waits for the changes of a page."""
        for _ in range(self.CHANGES_PER_PAGE):
            is_alive = self.changes.acquire(timeout=60)
            assert is_alive, self.error

    def stop(self) -> None:
        self.is_over = True
        self.permits.release()
        self.join(60)
        assert not self.error, self.error


def read_to_the_end(collection: Collection, writer: Writer) -> list[str]:
    found, token = [], {}
    while True:
        writer.run_ahead()
        items, next_token = collection.page(**token)
        found += items
        if not next_token:
            return found
        token = {"page_token": next_token}
        writer.wait()


@pytest.mark.parametrize(
    ("collection", "order"), COLLECTIONS, ids=[f"{kind.__name__} {by}" for kind, by in COLLECTIONS]
)
def test_pages_hold_each_thing_once(server, tenant, collection, order):
    collection = collection(tenant, order)
    kept = add_what_is_there_before(server, collection)
    writer = Writer(collection)
    writer.start()
    try:
        found = read_to_the_end(collection, writer)
    finally:
        writer.stop()
    assert [item for item, times in Counter(found).items() if times > 1] == []
    assert set(kept) - set(found) == set()


def add_what_is_there_before(server, collection: Collection) -> list[str]:
    if isinstance(collection, Artifacts):
        collection.add("000000-first")
        stored = files_below(server.directory / "data")
        [first] = [path for path in stored if path.name == "000000-first"]
        collection.directory = first.parent
        kept = [collection.add(f"{16**6 * n // KEPT_FILES:06x}-kept") for n in range(KEPT_FILES)]
        collection.directory = None
        return kept
    return [collection.add(f"{random.randrange(16**6):06x}-kept-{n}") for n in range(KEPT)]
