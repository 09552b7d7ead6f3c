"""Measures Ferroflow beside `mlflow server` and prints one table.

The figure to trust on a noisy machine is the CPU that the server's processes spend on a request.
wrk drives the load from one thread; it is the client that is short of CPU first, never the figure.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path

from artifacts import artifact_table, measure_artifacts
from histories import history_table, measure_histories
from operations import measure_operations, operations_table
from processes import cpu_seconds, resident_mebibytes, wait_until_quiet
from rows import Scale
from searches import measure_searches, search_table
from targets import ROOT, TARGETS, Target

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
README = HERE / "README.md"
CLIENTS = (1, 16, 64)
WARM_UP_SECONDS = 1
STARTS = 3
# Enough requests for a percentile where one of them takes the reference a quarter of a second.
SLOW_OPERATIONS, SLOW_FACTOR = ("log-batch of 1000 metrics", "log-batch of 1000 keys"), 3


def new_subject(target: Target, operation: str) -> str:
    """A run, model or experiment of its own for each measurement, so that none is warm or full."""
    name = f"bench-{uuid.uuid4().hex}"
    if operation.startswith("model-versions"):
        target.post("registered-models/create", {"name": name})
        target.post("model-versions/create", {"name": name, "source": "s3://bucket/model"})
        return name
    experiment = target.post("experiments/create", {"name": name})["experiment_id"]
    if operation == "runs/create":
        return experiment
    run = target.post("runs/create", {"experiment_id": experiment, "start_time": 1})["run"]
    run_id = run["info"]["run_id"]
    if operation == "runs/get":
        target.post("runs/log-batch", typical_run(run_id))
    return run_id


def typical_run(run_id: str) -> dict:
    return {
        "run_id": run_id,
        "metrics": [
            {"key": f"metric-{index}", "value": index / 7, "timestamp": 1, "step": 0}
            for index in range(10)
        ],
        "params": [{"key": f"param-{index}", "value": str(index)} for index in range(10)],
        "tags": [{"key": f"tag-{index}", "value": str(index)} for index in range(5)],
    }


def drive(target: Target, operation: str, base: str, subject: str, clients: int, seconds: int):
    """Runs wrk and returns what load.lua reports."""
    command = ["wrk", "--threads", "1", "--connections", str(clients), "--timeout", "120s"]
    command += ["--duration", f"{seconds}s", "--script", str(HERE / "load.lua")]
    command += [f"http://127.0.0.1:{target.port}", "--", operation, base, subject]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(re.search(r"^RESULT (.*)$", finished.stdout, re.MULTILINE).group(1))


def measure(target: Target, operation: str, base: str, clients: int, seconds: int) -> dict:
    if operation in SLOW_OPERATIONS:
        seconds *= SLOW_FACTOR
    drive(target, operation, base, new_subject(target, operation), clients, WARM_UP_SECONDS)
    subject = new_subject(target, operation)
    wait_until_quiet(target.process.pid)
    before = cpu_seconds(target.process.pid)
    result = drive(target, operation, base, subject, clients, seconds)
    # Requests that were cut off at the end are served all the same: they count with their CPU.
    wait_until_quiet(target.process.pid)
    spent = cpu_seconds(target.process.pid) - before
    return {
        "requests_per_second": result["completed"] / (result["duration_us"] / 1e6),
        "p50_ms": result["p50_us"] / 1000,
        "p99_ms": result["p99_us"] / 1000,
        "cpu_ms": spent / result["sent"] * 1000,
        "errors": result["errors"],
    }


def measure_start(target: Target) -> dict:
    """The first start makes the database; the others find it. The server is left running."""
    first = target.start()
    starts = []
    for _ in range(STARTS):
        target.stop()
        starts.append(target.start())
    wait_until_quiet(target.process.pid)
    time.sleep(1)
    return {
        "first_start_ms": first * 1000,
        "start_ms": statistics.median(starts) * 1000,
        "idle_mib": resident_mebibytes(target.process.pid),
    }


def measure_target(target: Target, seconds: int) -> dict:
    try:
        results = {"idle": measure_start(target), "rows": {}}
        for label, operation, base in target.rows:
            for clients in CLIENTS:
                print(time.strftime("%X"), target.name, label, clients, file=sys.stderr)
                cell = measure(target, operation, base, clients, seconds)
                results["rows"].setdefault(label, {})[str(clients)] = cell
        results["idle"]["after_load_mib"] = resident_mebibytes(target.process.pid)
        return results
    finally:
        if target.process:
            target.stop()
        target.remove()


def table(results: dict[str, dict]) -> str:
    lines = [
        "| operation | clients | server | requests/s | p50 ms | p99 ms | CPU ms/request |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    labels = dict.fromkeys(label for result in results.values() for label in result["rows"])
    for label in labels:
        for clients in CLIENTS:
            for name, result in results.items():
                cell = result["rows"].get(label, {}).get(str(clients))
                if cell:
                    lines.append(f"| {label} | {clients} | {name} | {cell_text(cell)} |")
    lines += ["", "| server | first start ms | start ms | idle MiB | after load MiB |"]
    lines += ["| --- | ---: | ---: | ---: | ---: |"]
    for name, result in results.items():
        idle = result["idle"]
        lines.append(
            f"| {name} | {idle['first_start_ms']:.0f} | {idle['start_ms']:.0f} "
            f"| {idle['idle_mib']:.0f} | {idle['after_load_mib']:.0f} |"
        )
    return "\n".join(lines)


def cell_text(cell: dict) -> str:
    rate = f"{cell['requests_per_second']:.0f}"
    if cell["errors"]:
        rate += f" ({cell['errors']} failed)"
    return f"{rate} | {cell['p50_ms']:.2f} | {cell['p99_ms']:.2f} | {cell['cpu_ms']:.3f}"


def machine() -> str:
    model = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    today = datetime.datetime.now(datetime.UTC).date()
    kernel = platform.release().partition("-")[0]
    return f"{today}, {os.cpu_count()} cores of {model}, Linux {kernel}"


def record(part: str, text: str) -> None:
    """Replaces what stands between the part's markers in README.md."""
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    page = README.read_text()
    head, rest = page.split(begin)
    README.write_text(f"{head}{begin}\n{text}\n{end}{rest.split(end)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--measure",
        choices=[*TARGETS, "all", "none"],
        default="all",
        help="which server to measure; the last results are shown of one that is not",
    )
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement")
    parser.add_argument("--runs", type=int, default=100_000, help="how many runs to search")
    parser.add_argument(
        "--load-seconds",
        type=int,
        default=400,
        help="for how long rows to search are loaded, at most, of each kind",
    )
    parser.add_argument("--port", type=int, default=19500)
    parser.add_argument("--record", action="store_true", help="put the table into bench/README.md")
    arguments = parser.parse_args()

    if not shutil.which("wrk"):
        subprocess.run([ROOT / "scripts" / "debian-packages", "wrk"], check=True)
    RESULTS.mkdir(exist_ok=True)
    for part in PARTS if arguments.part == "all" else (arguments.part,):
        for name in SERVERS.get(part, SERVERS["load"]):
            if arguments.measure in ("all", name):
                target = TARGETS[name]
                measured = measure_part(part, target(arguments.port), arguments)
                measured["machine"] = machine()
                (RESULTS / f"{name}-{part}.json").write_text(json.dumps(measured, indent=1))
        text = results_of(part)
        print(text)
        if arguments.record:
            record(part, text)


def measure_part(part: str, target: Target, arguments: argparse.Namespace) -> dict:
    match part:
        case "load":
            return measure_target(target, arguments.seconds)
        case "histories":
            return measure_histories(target)
        case "artifacts":
            return measure_artifacts(target)
        case "operations":
            return measure_operations(target)
        case _:
            return measure_searches(target, Scale.of(arguments.runs, arguments.load_seconds))


def results_of(part: str) -> str:
    """The last results of each server, as they stand in README.md."""
    servers = SERVERS.get(part, SERVERS["load"])
    kept = {name: RESULTS / f"{name}-{part}.json" for name in servers}
    results = {n: json.loads(path.read_text()) for n, path in kept.items() if path.exists()}
    measured_on = "; ".join(f"{name}: {result['machine']}" for name, result in results.items())
    return f"Measured {measured_on}.\n\n{PARTS[part](results)}"


PARTS = {
    "load": table,
    "histories": history_table,
    "searches": search_table,
    "artifacts": artifact_table,
    "operations": operations_table,
}
# Which servers a part measures. The reference has no operations of the AIDP dialect.
SERVERS = {
    "load": ("ferroflow", "reference"),
    "operations": ("ferroflow",),
    "searches": ("ferroflow", "ferroflow-postgres", "reference"),
}


if __name__ == "__main__":
    main()
