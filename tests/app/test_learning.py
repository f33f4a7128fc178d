"""A training that was interrupted goes on where it was, to the same bits; what is ready is not trained again."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sim.app.host import cache
from sim.app.runs import learning
from sim.draw import keys
from sim.generative import vae
from sim.generative.training import Training, learn, of_task
from sim.generative.vae import Task

PIXELS = np.random.Generator(np.random.Philox(key=5)).random((20, 6), dtype=np.float32)


def task(**changed):
    return Task(PIXELS, np.ones((2, 20), np.int32), 2, 8, 500, 0.1)._replace(**changed)


def learner(folder, said=None):
    return learning.Learner(lambda: folder, {"device": "cpu"}, [].append if said is None else said.append)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


class Stop(BaseException):
    """A signal."""


def stopped(training, after):
    """The training, which ends before its time."""

    def advance(state, number):
        if number == after:
            raise Stop
        return training.advance(state, number)

    return Training(training.identity, training.begin, advance, training.chunks)


def walk():
    """A training whose every state depends on all before, in several arrays."""
    begin = lambda: {"x": jnp.linspace(0.1, 0.9, 5), "n": jnp.int32(0)}  # noqa: E731
    return Training({"walk": 1}, begin, lambda at, i: {"x": jnp.sin(at["x"] * (i + 2.5)), "n": at["n"] + 1}, 6)


def test_a_training_stopped_again_and_again_ends_in_the_same_bits(tmp_path):
    whole = learn(walk())
    for after in (1, 2, 5):
        with pytest.raises(Stop):
            learner(tmp_path)(stopped(walk(), after))
    assert same(learner(tmp_path)(walk()), whole)
    assert same(learner(tmp_path)(stopped(walk(), 0)), whole)  # ready: nothing is trained
    assert len(list(tmp_path.glob("*/*"))) == 1  # one state is kept


@pytest.mark.slow
def test_models_stopped_and_gone_on_with_are_the_same_and_others_are_kept_apart(tmp_path):
    training = of_task(task(), "a", 0)
    whole = learn(training)
    assert training.chunks == 2
    with pytest.raises(Stop):
        learner(tmp_path)(stopped(training, 1))
    assert same(learner(tmp_path)(training), whole)
    assert not same(learn(of_task(task(), "a", 1)), whole)
    assert not same(learner(tmp_path)(of_task(task(noise=0.2), "a", 0)), whole)  # another model, kept apart
    assert len(list(tmp_path.glob("*"))) == 2


def counted(chunks=4, begin=0):
    """A training whose state is how often it was advanced, and by what; and the numbers it was given."""
    given = []

    def advance(state, number):
        given.append(number)
        return state + 10**number

    return Training({"count": 1}, lambda: jnp.int32(begin), advance, chunks), given


def test_a_training_goes_on_from_the_newest_state_that_was_saved(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(learning.time, "monotonic", lambda: clock[0])
    training, given = counted()
    with pytest.raises(Stop):
        learner(tmp_path)(stopped(training, 2))
    assert given == [0, 1]
    [path] = tmp_path.glob("*/*.counts")
    assert "00000001-00000002" in path.name
    assert int(learner(tmp_path)(training)) == 1111 and given == [0, 1, 2, 3]
    assert int(learner(tmp_path)(training)) == 1111 and len(given) == 4


def test_of_several_states_the_newest_counts(tmp_path):
    training, given = counted()
    with pytest.raises(Stop):
        learner(tmp_path)(stopped(training, 1))
    [early] = tmp_path.glob("*/*.counts")
    content = early.read_bytes()
    with pytest.raises(Stop):
        learner(tmp_path)(stopped(training, 3))
    early.write_bytes(content)  # as of another run, at the same time
    assert int(learner(tmp_path)(training)) == 1111 and given == [0, 1, 2, 3]


def test_states_are_saved_once_a_second_and_at_the_end(tmp_path, monkeypatch):
    clock, saved = [0.0], []
    monkeypatch.setattr(learning.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(learning, "_save", lambda where, identity, done, state: saved.append((done, int(state))))
    training, _ = counted(6)

    def advance(state, number):
        clock[0] += 0.4
        return training.advance(state, number)

    learner(tmp_path)(Training(training.identity, training.begin, advance, training.chunks))
    assert saved == [(3, 111), (6, 111111)]
    saved.clear()
    learner(tmp_path)(Training(training.identity, training.begin, advance, 4))
    assert saved == [(3, 111), (4, 1111)]


def test_what_is_trained_on_other_machines_or_otherwise_is_kept_apart(tmp_path):
    for kind in ({"device": "cpu"}, {"device": "gpu"}, {"device": "cpu", "sim": "2"}):
        for identity in ({"a": 1, "b": 2}, {"a": 2, "b": 2}):
            plain = Training(identity, lambda: jnp.zeros(3), lambda state, number: state + 1, 2)
            learning.Learner(lambda: tmp_path, kind, print)(plain)
    assert len(list(tmp_path.iterdir())) == 6
    same = Training({"b": 2, "a": 1}, lambda: jnp.zeros(3), lambda state, number: state * np.nan, 2)
    np.testing.assert_array_equal(learning.Learner(lambda: tmp_path, {"device": "cpu"}, print)(same), [2, 2, 2])


def test_a_state_of_arrays_of_many_kinds_comes_back_as_it_was(tmp_path):
    state = {
        "a": jnp.float32(0.25), "b": jnp.arange(6, dtype=jnp.int32).reshape(2, 3), "c": jnp.array([True, False, True]),
        "d": (jnp.zeros((0, 4)), jnp.array([1.5, -2.5], jnp.float16)), "e": jnp.array([[2**32 - 1]], jnp.uint32),
    }  # fmt: skip
    begin = lambda: jax.tree.map(jnp.zeros_like, state)  # noqa: E731
    plain = Training({"kinds": 1}, begin, lambda _state, _number: state, 1)
    assert same(learner(tmp_path)(plain), state)
    again = learner(tmp_path)(stopped(plain, 0))
    assert same(again, state) and jax.tree.structure(again) == jax.tree.structure(state)
    kinds = lambda of: [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(of)]  # noqa: E731
    assert kinds(again) == kinds(state)


def test_where_nothing_is_kept_all_is_trained():
    training, given = counted()
    for _ in range(2):
        assert int(learning.Learner(lambda: None, {}, print)(training)) == 1111
    assert given == [0, 1, 2, 3] * 2


def test_a_damaged_state_is_named_and_trained_anew(tmp_path):
    plain = Training({"x": 1}, lambda: jnp.zeros(3), lambda state, number: state + number + 1, 4)
    learner(tmp_path)(plain)
    [path] = tmp_path.glob("*/*")
    path.write_bytes(path.read_bytes()[:-1])
    said = []
    np.testing.assert_array_equal(learner(tmp_path, said)(plain), [10, 10, 10])
    assert len(said) == 1 and str(path) in said[0] and "checksum" in said[0]


def test_models_are_kept_where_the_environment_says_or_nowhere(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(cache.MODELS, "off")
    assert cache.models() is None
    monkeypatch.setenv(cache.MODELS, str(tmp_path / "kept"))
    assert cache.models() == tmp_path / "kept" and (tmp_path / "kept").is_dir()
    monkeypatch.delenv(cache.MODELS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.platform", "linux")
    assert cache.models() == tmp_path / "home" / "sim" / "models"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.MODELS, str(tmp_path / "file"))
    assert cache.models() is None
    assert "trained models are not kept" in capsys.readouterr().err


OTHER_TASKS = {
    **{"pixels": PIXELS[::-1], "copies": np.full((2, 20), 2, np.int32)},
    **{"latent": 3, "width": 9, "steps": 501, "noise": 0.2},
}


@pytest.mark.parametrize("name", OTHER_TASKS)
def test_another_task_is_another_training_with_draws_of_its_own(monkeypatch, name):
    drawn = []
    own = keys.run_key
    monkeypatch.setattr(keys, "run_key", lambda *words: drawn.append(words) or own(*words))
    one, other = of_task(task(), "a", 0), of_task(task(**{name: OTHER_TASKS[name]}), "a", 0)
    assert one.identity != other.identity
    assert drawn[0] != drawn[1]
    again = of_task(task(), "b", 0), of_task(task(), "a", 1)
    assert all(one.identity != training.identity for training in again)
    assert len(set(drawn)) == 4
    assert one.identity == of_task(task(pixels=PIXELS.copy()), "a", 0).identity


@pytest.mark.parametrize("steps", [1, 250, 251, 620])
def test_chunks_have_as_many_steps_as_the_task_and_a_key_each(monkeypatch, steps):
    taken, used = [], []

    def advance(task, state, key, number):
        taken.append(number)
        used.append(tuple(jax.random.key_data(key).tolist()))

    monkeypatch.setattr(vae, "advance", advance)
    monkeypatch.setattr(vae, "begin", lambda task, key: used.append(tuple(jax.random.key_data(key).tolist())))
    training = of_task(task(steps=steps), "a", 0)
    learn(training)
    assert sum(taken) == steps and max(taken) <= 250 and len(taken) == training.chunks
    assert len(set(used)) == len(used) == training.chunks + 1
