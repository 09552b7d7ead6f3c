"""Oracle's own client and requests by hand, inside one tenant."""

import functools
import uuid

import oci
from aidp_python_client.aidataplatform_dp import MLOpsClient, models
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from oci.exceptions import ServiceError

from support.http import Api

__all__ = ["ServiceError", "Tenant", "models", "tag"]

BASE_PATH = "20260430/aiDataPlatforms"


@functools.cache
def configuration() -> dict:
    """The configuration of a user with a fresh RSA key, as Oracle's tools keep it in a file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashes.Hash(hashes.MD5())
    digest.update(public)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    configuration = {
        "user": "ocid1.user.oc1..test",
        "tenancy": "ocid1.tenancy.oc1..test",
        "fingerprint": digest.finalize().hex(":"),
        "region": "us-ashburn-1",
        "key_content": pem.decode(),
    }
    oci.config.validate_config(configuration)
    return configuration


def signer() -> oci.signer.Signer:
    settings = configuration()
    return oci.signer.Signer(
        tenancy=settings["tenancy"],
        user=settings["user"],
        fingerprint=settings["fingerprint"],
        private_key_file_location=None,
        private_key_content=settings["key_content"],
    )


def impatient() -> oci.retry.ExponentialBackoffRetryStrategyBase:
    """A strategy that gives up after seconds where the default one tries for minutes: what it
    retries is the same, and the client sends a retry token with every change."""
    return oci.retry.RetryStrategyBuilder(
        max_attempts=3, total_elapsed_time_seconds=15, retry_max_wait_between_calls_seconds=1
    ).get_retry_strategy()


def ml_ops_client(url: str, **options) -> MLOpsClient:
    """A client as a user has it; without `retry_strategy`, it retries as the client's makers
    chose."""
    return MLOpsClient(
        configuration(), signer=signer(), service_endpoint=url, timeout=(30, 120), **options
    )


def tag(key: str, value: str) -> models.ModelVersionTag:
    return models.ModelVersionTag(key=key, value=value)


class Tenant:
    """One platform and one workspace in it, and both ways to talk to them."""

    def __init__(
        self,
        url: str,
        platform: str | None = None,
        workspace: str = "main",
        sdk: MLOpsClient | None = None,
    ):
        self.url = url
        self.platform = platform or f"ocid1.aidp.oc1..{uuid.uuid4().hex}"
        self.workspace = workspace
        self.sdk = sdk or ml_ops_client(url, retry_strategy=impatient())
        root = f"{url}/{BASE_PATH}/{self.platform}"
        # What a stock MLflow client is told to find its models, and its runs.
        self.registry_uri = f"{root}/mlops"
        self.tracking_uri = f"{root}/workspaces/{workspace}/mlops"
        self.platform_api = Api(f"{self.registry_uri}/api/2.0/mlflow")
        self.workspace_api = Api(f"{self.tracking_uri}/api/2.0/mlflow")

    def create_model(self, name: str = "m", **details) -> models.RegisteredModel:
        body = models.CreateRegisteredModelDetails(name=name, **details)
        return self.sdk.create_registered_model(self.platform, body).data.registered_model

    def create_version(self, name: str = "m", **details) -> models.ModelVersion:
        details.setdefault("source", "s3://bucket/model")
        body = models.CreateModelVersionDetails(name=name, **details)
        return self.sdk.create_model_version(self.platform, body).data.model_version

    def get_version(self, version: str, name: str = "m") -> models.ModelVersion:
        return self.sdk.get_model_version(self.platform, name, version).data.model_version

    def delete_version(self, version: str, name: str = "m"):
        body = models.DeleteModelVersionDetails(name=name, version=version)
        return self.sdk.delete_model_version(self.platform, body)

    def versions(self, name: str = "m") -> list[models.ModelVersion]:
        """All versions of a model, page by page."""
        found, token = [], None
        while True:
            arguments = {"page_token": token} if token else {}
            page = self.sdk.list_model_versions(
                self.platform, filter=f"name = '{name}'", **arguments
            ).data
            found += page.model_versions
            token = page.next_page_token
            if not token:
                return found

    def create_experiment(self, name: str = "e", **details) -> str:
        body = models.CreateExperimentDetails(name=name, **details)
        return self.sdk.create_experiment(self.platform, self.workspace, body).data.experiment_id

    def create_run(self, experiment_id: str, **details) -> models.ExperimentRun:
        body = models.CreateExperimentRunDetails(experiment_id=experiment_id, **details)
        return self.sdk.create_experiment_run(self.platform, self.workspace, body).data.run

    def get_run(self, run_id: str) -> models.ExperimentRun:
        return self.sdk.get_experiment_run_by_id(self.platform, self.workspace, run_id).data.run
