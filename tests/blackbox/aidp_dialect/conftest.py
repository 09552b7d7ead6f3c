"""Tenants of the server under test."""

import pytest
from support.aidp import Tenant


@pytest.fixture
def tenant(server) -> Tenant:
    """A platform that no other test uses."""
    return Tenant(server.url)


@pytest.fixture
def other_tenant(server) -> Tenant:
    """Another platform, for what must not cross over."""
    return Tenant(server.url)


@pytest.fixture
def model(tenant):
    """A registered model named `m`."""
    return tenant.create_model()


@pytest.fixture
def run(tenant):
    """A run in an experiment of the tenant's workspace."""
    return tenant.create_run(tenant.create_experiment())
