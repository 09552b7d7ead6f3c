"""64 clients at one model: as many versions as acknowledged creations, numbered 1 to N."""

import json
import random
import uuid

import pytest
from support.aidp import Tenant
from support.load import Clients, Connection

from .paths import AIDP, MLFLOW

CLIENTS = 64
VERSIONS_PER_CLIENT = 25


@pytest.fixture
def tenant(server) -> Tenant:
    return Tenant(server.url, platform="default", workspace="default")


@pytest.fixture
def name(tenant) -> str:
    name = f"model-{uuid.uuid4().hex[:12]}"
    tenant.create_model(name)
    return name


def create_with_lost_answers(server, name: str, index: int) -> list[tuple[int, str]]:
    """Creates versions; about one answer in three is never read, and the request sent again."""
    luck = random.Random(index)
    connection = Connection(server.port)
    created = []
    for number in range(VERSIONS_PER_CLIENT):
        body = {"name": name, "source": f"s3://bucket/{index}/{number}"}
        headers = {"opc-retry-token": uuid.UUID(int=luck.getrandbits(128)).hex}
        while luck.random() < 0.35:
            connection.post_and_hang_up(f"{AIDP}/model-versions/create", body, headers)
            connection = Connection(server.port)
        status, answer = connection.post(f"{AIDP}/model-versions/create", body, headers)
        assert status == 200, answer
        version = answer["model_version"]
        assert version["source"] == body["source"]
        created.append((int(version["version"]), version["source"]))
    connection.close()
    return created


def test_lost_answers_and_retries_make_no_version_twice(server, tenant, name):
    created: list[tuple[int, str]] = []
    Clients(
        CLIENTS, lambda index: created.extend(create_with_lost_answers(server, name, index))
    ).start().join()

    count = CLIENTS * VERSIONS_PER_CLIENT
    assert sorted(number for number, _ in created) == list(range(1, count + 1))
    stored = {int(version.version): version.source for version in tenant.versions(name)}
    assert stored == dict(created)


def test_both_dialects_at_once(server, tenant, name):
    numbers: list[int] = []

    def create(index: int) -> None:
        root = AIDP if index % 2 else MLFLOW
        connection = Connection(server.port)
        for _ in range(VERSIONS_PER_CLIENT):
            status, answer = connection.post(
                f"{root}/model-versions/create", {"name": name, "source": "s3://bucket/model"}
            )
            assert status == 200, answer
            numbers.append(int(answer["model_version"]["version"]))
        connection.close()

    Clients(CLIENTS, create).start().join()
    count = CLIENTS * VERSIONS_PER_CLIENT
    assert sorted(numbers) == list(range(1, count + 1))
    assert len(tenant.versions(name)) == count


def test_creating_while_deleting_reuses_no_number(server, tenant, name):
    """Each client deletes what it has just made; every number was handed out once."""
    numbers: list[int] = []

    def create_and_delete(_: int) -> None:
        connection = Connection(server.port)
        for _ in range(VERSIONS_PER_CLIENT):
            status, answer = connection.post(
                f"{AIDP}/model-versions/create", {"name": name, "source": "s3://bucket/model"}
            )
            assert status == 200, answer
            version = answer["model_version"]["version"]
            numbers.append(int(version))
            status, answer = connection.post(
                f"{AIDP}/model-versions/delete", {"name": name, "version": version}
            )
            assert status == 200, answer
        connection.close()

    Clients(16, create_and_delete).start().join()
    assert sorted(numbers) == list(range(1, 16 * VERSIONS_PER_CLIENT + 1))
    assert tenant.versions(name) == []


def test_metrics_of_many_clients_are_all_kept(server, tenant):
    run = tenant.create_run(tenant.create_experiment(f"experiment-{uuid.uuid4().hex}"))

    def log(index: int) -> None:
        connection = Connection(server.port)
        for number in range(10):
            step = index * 10 + number
            body = {"run_id": run.info.run_id, "key": "m", "value": step, "timestamp": 1}
            status, answer = connection.post(f"{MLFLOW}/runs/log-metric", {**body, "step": step})
            assert status == 200, answer
        connection.close()

    Clients(CLIENTS, log).start().join()
    connection = Connection(server.port)
    status, answer = connection.get(
        f"{MLFLOW}/metrics/get-history?run_id={run.info.run_id}&metric_key=m"
    )
    assert status == 200, json.dumps(answer)
    assert [point["step"] for point in answer["metrics"]] == list(range(CLIENTS * 10))
    latest = tenant.get_run(run.info.run_id).data.metrics
    assert [(metric.value, metric.step) for metric in latest] == [(639.0, 639)]
