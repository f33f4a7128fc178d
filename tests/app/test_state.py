"""What a folder says of the process that is or was at work in it."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from sim.records import state


def write(where, word, since=0.0, **changed):
    """status.json, last written so many seconds ago."""
    when = (datetime.now(UTC) - timedelta(seconds=since)).isoformat(timespec="seconds")
    content = {"state": word, "experiments": {}, "config": {}, "overrides": [], "updated": when}
    (where / "status.json").write_text(json.dumps(content | changed))


@pytest.mark.parametrize(("since", "word"), [(0, "running"), (290, "running"), (310, "stopped"), (86400, "stopped")])
def test_without_locks_a_run_that_has_been_silent_for_five_minutes_is_dead(tmp_path, monkeypatch, since, word):
    monkeypatch.setattr(state, "_lock", lambda stream, shared=False: None)
    (tmp_path / ".lock").touch()
    write(tmp_path, "running", since)
    assert state.held(tmp_path) is None
    assert state.read_status(tmp_path)["state"] == word


def test_with_locks_a_run_lives_as_long_as_its_folder_is_held_however_silent(tmp_path):
    write(tmp_path, "running", 86400)
    assert state.read_status(tmp_path)["state"] == "stopped"
    with state.holding(tmp_path):
        assert state.read_status(tmp_path)["state"] == "running"
        with pytest.raises(state.Held, match=rf"in use by .* \(process {os.getpid()}, since "), state.holding(tmp_path):
            pass
    assert state.read_status(tmp_path)["state"] == "stopped" and not (tmp_path / ".lock").exists()
    with state.holding(tmp_path):
        pass


@pytest.mark.parametrize("word", ["waiting", "interrupted", "stopped", "failed", "done"])
def test_only_a_run_that_was_at_work_can_have_been_killed(tmp_path, word):
    write(tmp_path, word, 86400)
    assert state.read_status(tmp_path)["state"] == word


@pytest.mark.parametrize("field", ["state", "experiments", "config", "overrides", "updated"])
def test_a_status_has_all_that_is_read_in_it(tmp_path, field):
    write(tmp_path, "done", **{field: 3})
    with pytest.raises(ValueError, match=rf"status\.json: need an object with the field {field} \("):
        state.read_status(tmp_path)


def test_a_state_that_there_is_none_of_is_refused(tmp_path):
    write(tmp_path, "asleep")
    with pytest.raises(ValueError, match=r"state must be one of waiting, running, .*, done, got 'asleep'$"):
        state.read_status(tmp_path)
    assert state.read_status(tmp_path / "none") is None


def test_progress_is_written_every_two_seconds_and_changes_at_once(tmp_path, monkeypatch):
    clock = [50.0]
    monkeypatch.setattr(state.time, "monotonic", lambda: clock[0])
    own = {name: {"state": "waiting", "batches": 0} for name in ("coverage", "joint")}
    record = state.Record(tmp_path, {"state": "running", "experiments": own, "config": {}, "overrides": []})
    read = lambda: json.loads((tmp_path / "status.json").read_text())  # noqa: E731
    seen = []
    for clock[0] in (51.0, 51.9, 52.0, 53.9, 54.0):
        record.tell("coverage", batches=10 * clock[0])
        seen.append(read()["experiments"]["coverage"]["batches"])
    assert seen == [0, 0, 520, 520, 540]
    record.note("joint", state="failed")
    assert read()["experiments"]["joint"]["state"] == "waiting"
    record.update(state="failed")
    assert read()["experiments"] == {"coverage": {"state": "waiting", "batches": 540}, "joint": own["joint"]}
    assert (read()["state"], read()["experiments"]["joint"]["state"]) == ("failed", "failed")
    assert datetime.fromisoformat(read()["updated"]).tzinfo is not None
