"""Files that are there whole or not at all, whatever ends the process or the machine."""

import os


def whole(path, content):
    """Write bytes under a name that they take only once all of them are on the disk; OSError where they cannot be."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
