"""The stock MLflow client, pointed at the server under test, or at a tenant of it:
FERROFLOW_TEST_URL=http://host:port/20260430/aiDataPlatforms/p/workspaces/w/mlops."""

import uuid

import mlflow
import pytest
from mlflow import MlflowClient
from support.http import MLFLOW_AGENT, Api


def unique(prefix: str) -> str:
    """A name that no other test uses, also on a server that outlives the test run."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


@pytest.fixture(autouse=True)
def tracking_uri(server):
    """Points the fluent API at the server, and leaves no run active for the next test."""
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    yield server.url
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def client(tracking_uri: str) -> MlflowClient:
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


@pytest.fixture
def api(tracking_uri: str) -> Api:
    """For requests that the client would not send."""
    return Api(f"{tracking_uri}/api/2.0/mlflow", MLFLOW_AGENT)


@pytest.fixture
def experiment(tracking_uri: str):
    """A new experiment, the current one of the fluent API."""
    return mlflow.set_experiment(unique("experiment"))


@pytest.fixture
def run(client: MlflowClient, experiment):
    """A new run of its own experiment, active on the server but not in the fluent API."""
    return client.create_run(experiment.experiment_id)


@pytest.fixture
def model_name() -> str:
    return unique("model")


@pytest.fixture
def registered_model(client: MlflowClient, model_name: str):
    return client.create_registered_model(model_name)
