"""What commands about a folder have in common: they are asked with one, and answer or say in one sentence why not."""

import sys
from pathlib import Path


def answered(program, words, arguments, flags, work):
    """Run a command about a folder; the exit code: 1 where a point failed or was killed, 2 for bad input.

    program: its name.  words: of --help.  flags: options that it has.  work: (folder, the flags given) -> what is said,
    and the states of the points.
    """
    if any(argument in ("-h", "--help", "help") for argument in arguments):
        print(words, end="")
        return 0
    where = None
    try:
        where, given = _asked(arguments, flags)
        said, states = work(where, given)
        print(said, flush=True)
    except BrokenPipeError:  # whoever read it has gone
        return 0
    except (ValueError, OSError) as error:
        print(f"{program}: {_sentence(error, where)}", file=sys.stderr)
        return 2
    return 1 if states & {"failed", "stopped"} else 0


def _asked(arguments, flags):
    """(the folder, the flags) that a command is asked with; ValueError where that is not one folder and these flags."""
    given = [argument for argument in arguments if argument.startswith("-")]
    unknown = [argument for argument in given if argument not in flags]
    if unknown:
        known = f"need {' or '.join(flags)} or --help" if flags else "need --help or none"
        raise ValueError(f"{unknown[0]}: no such option; {known}")
    folders = [argument for argument in arguments if argument not in given]
    if len(folders) != 1 or not folders[0]:
        raise ValueError(f"need one folder, got {' '.join(map(repr, folders)) or 'none'}")
    return Path(folders[0]), given


def _sentence(error, where):
    """What an error of a file in a folder, or of what stands in it, comes down to."""
    return f"{error.filename or where}: {error.strerror}" if isinstance(error, OSError) else str(error)
