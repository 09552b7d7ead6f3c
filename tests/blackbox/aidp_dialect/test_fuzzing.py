"""Requests that nobody thought of, made by schemathesis from the served document."""

import os
import subprocess
import sys

import pytest
from support.openapi import PATH

# How long to look for requests that break something. Unless that is said, so many are made for each
# operation, so that a slow machine sends no fewer than a fast one.
SECONDS = int(os.environ.get("FERROFLOW_FUZZ_SECONDS", "0"))
EXAMPLES = 20
AMOUNT = ["--max-time", str(SECONDS)] if SECONDS else ["--max-examples", str(EXAMPLES)]
# Nothing takes longer, but for what it is told to take.
PATIENCE_SECONDS = SECONDS + 500
# Not `unsupported_method`: the paths inside a tenant also have the methods of the MLflow dialect.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


@pytest.mark.timeout(PATIENCE_SECONDS + 60)
def test_nothing_breaks_the_server_or_gets_an_answer_that_is_not_described(server, tmp_path):
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/{PATH}"]
    command += ["--origin", server.url, "--phases", "coverage,fuzzing", "--seed", "20260430"]
    command += ["--checks", ",".join(CHECKS), *AMOUNT]
    command += ["--warnings", "off", "--output-truncate", "true"]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert run.returncode == 0, run.stdout[-10_000:] + run.stderr[-2_000:]
    assert "Tested: 47" in run.stdout, run.stdout[-3_000:]
    assert server.is_healthy()
