"""Which column of a table is what: as the user names it, or as people commonly do."""

import numpy as np

from sim.pilot.files import listed

ROLES = ("problem", "attempts", "successes", "outcome", "order", "model", "suite")
_NAMES = {  # spaces and hyphens count as _, capitals as small letters
    "problem": "problem problem_id problem_idx problem_index problem_name task_id question_id question_idx id "
    "prompt_id doc_id example_id item_id instance_id theorem_name orig_dset_idx",
    "attempts": "attempts num_attempts n_attempts n num_samples n_samples samples trials num_trials n_trials total",
    "successes": "successes num_successes n_successes c num_correct n_correct correct passes passed num_passed "
    "n_passed successful solved",
    "outcome": "outcome outcomes passed pass correct success is_correct is_corrects is_success is_passed solved score "
    "acc exact_match reward",
    "order": "order attempt attempt_id attempt_idx attempt_index attempt_number sample sample_idx sample_index "
    "sample_number trial trial_idx trial_index completion_id generation_id repeat epoch",
    "model": "model model_id model_name",
    "suite": "suite dataset task task_name benchmark",
}
_KNOWN = {role: frozenset(names.split()) for role, names in _NAMES.items()}
_SPARE = frozenset({"question", "prompt"})  # the text of a problem, where nothing else names it
_COUNTED = {"attempts", "successes"}


def named(columns):
    """What the user says of columns, {role: name}, without the roles of which nothing is said."""
    given = {role: str(name) for role, name in (columns or {}).items() if name is not None}
    for role in given:
        if role not in ROLES:
            raise ValueError(f"pilot.columns: need keys among {', '.join(ROLES)}, got {role!r}")
    for role, name in given.items():
        twin = next((other for other in given if other != role and given[other] == name), None)
        if twin:
            raise ValueError(f"pilot.columns: need another column for each key, got {name!r} for {role} and {twin}")
    if "outcome" in given and _COUNTED & set(given):
        raise ValueError("pilot.columns: need attempts and successes, or outcome, got both")
    return given


def chosen(where, header, first, given):
    """{role: column} of a table: problem, and attempts and successes or outcome; order, model and suite if there.

    where: file and line of the header, for errors.  first: {column: cell} of the first row, or of none.
    given: from named().  ValueError where a role has no column, or two of them.
    """
    _refuse_missing(where, header, given)

    def of(role, known=None):
        if role in given:
            return given[role]
        found = [name for name in header if name not in given.values() and _fits(role, name, first, known)]
        if len(found) > 1:
            raise ValueError(
                f"{where}: need one column for {role}, got {' and '.join(found)}; set pilot.columns.{role}"
            )
        return found[0] if found else None

    counted = "outcome" not in given and (_COUNTED & set(given) or of("attempts"))
    needed = ("problem", "attempts", "successes") if counted else ("problem", "outcome")
    roles = {role: of(role) for role in needed}
    roles["problem"] = roles["problem"] or of("problem", _SPARE)
    missing = [role for role in needed if roles[role] is None]
    if missing:
        raise ValueError(
            f"{where}: need columns problem, attempts and successes, or problem and outcome, got {listed(header)}; "
            f"set pilot.columns.{missing[0]}"
        )
    if counted:
        only(where, given, (*needed, "model", "suite"), "a table of counts")
    found = {role: of(role) for role in ("order", "model", "suite") if role != "order" or not counted}
    return roles | {role: name for role, name in found.items() if name is not None}


def only(where, given, allowed, what):
    """Refuse what the user says of columns that a log of this kind does not have."""
    for role in given:
        if role not in allowed:
            raise ValueError(f"{where}: need no pilot.columns.{role} for {what}, got {given[role]!r}")


def _refuse_missing(where, header, given):
    for name in header:
        if header.count(name) > 1 and (name in given.values() or any(_fits(role, name, {}, None) for role in ROLES)):
            raise ValueError(f"{where}: need each column once, got {name} twice")
    for role, name in given.items():
        if name not in header:
            raise ValueError(f"{where}: need the column {name!r} of pilot.columns.{role}, got {listed(header)}")


def _fits(role, name, first, known):
    """Whether a column of that name, with that cell in the first row, may be meant for the role."""
    cell = first.get(name)
    if role in _COUNTED and isinstance(cell, (list, dict, bool)):
        return False
    if role == "order" and cell is not None and not _numeric(cell):  # a sample may be its text
        return False
    return name.strip().lower().replace(" ", "_").replace("-", "_") in (known or _KNOWN[role])


def _numeric(cell):
    try:
        return np.isfinite(float(cell))
    except (TypeError, ValueError):
        return False
