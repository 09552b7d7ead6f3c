"""The servers that are compared: the reference, and Ferroflow on each engine."""

import pytest
from support.databases import engines, new_database
from support.reference import Reference
from support.servers import Server

from differential.side import Side


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory):
    directory = tmp_path_factory.mktemp("reference")
    server = Reference(directory).start()
    yield Side("reference", server.port, directory)
    server.stop()


@pytest.fixture(scope="session")
def candidates(tmp_path_factory: pytest.TempPathFactory):
    servers = {}
    for engine in engines():
        directory = tmp_path_factory.mktemp(f"ferroflow-{engine}")
        servers[engine] = Server(directory, new_database(engine, directory)).start()
    yield [Side(engine, server.port, server.directory) for engine, server in servers.items()]
    for server in servers.values():
        server.stop()
