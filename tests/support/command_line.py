"""Oracle's command line, `aidp`, as a user has it: a profile in a file, a session token, HTTPS."""

import json
import subprocess
import sys
from pathlib import Path

from support.aidp import configuration

AIDP = Path(sys.executable).with_name("aidp")
TIMEOUT_SECONDS = 180


class CommandFailed(Exception):
    """The command ended with another code than 0."""

    def __init__(self, code: int, said: str):
        super().__init__(f"exit code {code}: {said}")
        self.code = code
        self.said = said

    @property
    def answer(self) -> dict:
        """The error that the server answered."""
        return _response(self.said)


class CommandLine:
    """Runs commands of the group `mlops` for one platform."""

    def __init__(self, home: Path, url: str, trusted: Path, platform: str):
        _write_profile(home / ".oci")
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "AIDP_ENDPOINT": url,
            "AIDP_INSTANCE_ID": platform,
            "REQUESTS_CA_BUNDLE": str(trusted),
        }

    def run(self, command: str, *arguments: str, body: dict | None = None) -> dict:
        """Runs one command and returns the answer that it prints: `data`, `headers`, `status`."""
        if body is not None:
            arguments = (*arguments, "--body", json.dumps(body))
        finished = subprocess.run(
            [str(AIDP), "mlops", command, *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            env=self.environment,
            check=False,
        )
        if finished.returncode != 0:
            raise CommandFailed(finished.returncode, finished.stderr)
        return _response(finished.stdout)


def _response(printed: str) -> dict:
    _, _, response = printed.partition("Response:\n")
    return json.loads(response)


def _write_profile(directory: Path) -> None:
    """What `oci session authenticate` leaves, and the user that an API key belongs to."""
    directory.mkdir(mode=0o700)
    settings = configuration()
    key, token = directory / "key.pem", directory / "token"
    key.write_text(settings["key_content"])
    token.write_text("header.claims.signature")
    profile = {
        "fingerprint": settings["fingerprint"],
        "tenancy": settings["tenancy"],
        "user": settings["user"],
        "region": settings["region"],
        "key_file": key,
        "security_token_file": token,
    }
    lines = [f"{name}={value}" for name, value in profile.items()]
    (directory / "config").write_text("\n".join(["[DEFAULT]", *lines, ""]))
    for file in directory.iterdir():
        file.chmod(0o600)
