"""What a server's processes have used, read from /proc."""

import os
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def tree(*roots: int) -> list[int]:
    """Some processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = stat(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], list(roots)
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += children.get(process, [])
    return found


def stat(process: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on; None for a process that has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def cpu_seconds(*roots: int) -> float:
    """User and system time of the whole trees, children that have ended included."""
    ticks = 0
    for process in tree(*roots):
        fields = stat(process)
        if fields:
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS_PER_SECOND


def resident_mebibytes(root: int) -> float:
    """Resident memory of the whole tree; pages that processes share count for each."""
    kibibytes = 0
    for process in tree(root):
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except FileNotFoundError:
            continue
        kibibytes += sum(
            int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")
        )
    return kibibytes / 1024


def wait_until_quiet(*roots: int, timeout_seconds: float = 120) -> None:
    """Waits until the trees have had nothing to do for a second and a half."""
    deadline = time.monotonic() + timeout_seconds
    before, quiet = cpu_seconds(*roots), 0
    while quiet < 3 and time.monotonic() < deadline:
        time.sleep(0.5)
        now = cpu_seconds(*roots)
        quiet = quiet + 1 if now - before < 0.06 else 0
        before = now
