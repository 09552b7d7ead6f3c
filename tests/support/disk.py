"""What lies on the disk of a running server."""

import os
from collections.abc import Iterator
from pathlib import Path

from support.servers import Server


def files_below(directory: Path) -> Iterator[Path]:
    """All files; unlike `rglob`, this does not mind that a server removes a directory meanwhile."""
    for place, _, names in os.walk(directory):
        yield from (Path(place, name) for name in names)


def litter(server: Server) -> set[str]:
    """What lies in the server's own directory beside its locks: uploads that are under way."""
    hidden = server.directory / "data" / "artifacts" / ".ferroflow-uploads"
    found = (path for path in files_below(hidden) if path.suffix != ".lock")
    return {path.relative_to(hidden).parts[0] for path in found}
