"""The servers that are compared: the reference, and Ferroflow on each engine."""

import pytest
from support.databases import engines, new_database
from support.reference import Reference
from support.servers import Server

from differential.side import Side


@pytest.fixture(scope="session")
def sides(tmp_path_factory: pytest.TempPathFactory):
    """Answers the servers with these arguments, the reference first; starts them when they are
    first asked for."""
    running: dict[tuple[str, ...], dict[str, Server]] = {}

    def started(arguments: tuple[str, ...]) -> list[Side]:
        if arguments not in running:
            running[arguments] = start(tmp_path_factory, arguments)
        servers = running[arguments].items()
        return [Side(name, server.port, server.directory) for name, server in servers]

    yield started
    for servers in running.values():
        for server in servers.values():
            server.stop()


def start(directories: pytest.TempPathFactory, arguments: tuple[str, ...]) -> dict[str, Server]:
    reference = Reference(directories.mktemp("reference"), arguments=arguments)
    servers = {"reference": reference.start()}
    for engine in engines():
        directory = directories.mktemp(f"ferroflow-{engine}")
        servers[engine] = Server(directory, new_database(engine, directory), arguments).start()
    return servers
