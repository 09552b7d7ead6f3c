"""`ferroflow server` and `mlflow server` with the same arguments."""

import sys
from pathlib import Path

from support.reference import VARIABLES
from support.servers import BINARY, Server

PROGRAMS = {
    "ferroflow": [str(BINARY), "server"],
    "mlflow": [str(Path(sys.executable).parent / "mlflow"), "server", "--workers", "1"],
}


class MlflowServer(Server):
    """One of the two programs, in a directory of its own, with MLflow's flags and variables."""

    def __init__(self, program: str, directory: Path, arguments=(), variables=None):
        super().__init__(directory, arguments=tuple(arguments))
        self.program = program
        self.variables = variables or {}

    @property
    def prefix(self) -> str:
        """What all paths begin with."""
        flags = dict(zip(self.arguments, self.arguments[1:], strict=False))
        return flags.get("--static-prefix") or self.variables.get("MLFLOW_STATIC_PREFIX", "")

    @property
    def url(self) -> str:
        return super().url + self.prefix

    def command(self) -> list[str]:
        return [*PROGRAMS[self.program], "--port", str(self.port), *self.arguments]

    def environment(self) -> dict[str, str]:
        # They mean nothing to the other program.
        of_reference = VARIABLES if self.program == "mlflow" else {}
        return {**super().environment(), **of_reference, **self.variables}
