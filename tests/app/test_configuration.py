"""Files of a configuration that cannot be read: one sentence that names file, rule and place."""

import pytest

HEAD = b"# @package _global_\n"
BAD = {
    b"seed: [1, 2\n": "line 2: need YAML that can be read (while parsing a flow sequence: expected ',' or ']'",
    HEAD + b"seed: 1\n\tbad: 2\n": "line 3: need YAML that can be read (while scanning for the next token: found",
    HEAD
    + b"seed: 1\nseed: 2\n": "line 3: need YAML that can be read (while constructing a mapping: found duplicate key",
    b"seed: !!python/object/apply:os.system [ls]\n": "line 1: need YAML that can be read (could not determine",
    b"seed: *x\n": "line 1: need YAML that can be read (found undefined alias 'x')",
    b"seed: 1\n---\nseed: 2\n": "line 2: need YAML that can be read (expected a single document in the stream: but",
    b'seed: "a\x01b"\n': "position 8: need YAML that can be read (special characters are not allowed)",
}


@pytest.mark.seldom(7)
@pytest.mark.parametrize("mode", [(), ("--multirun",)])
@pytest.mark.parametrize("content", BAD)
def test_a_file_that_is_no_yaml_is_one_sentence(sim, tmp_path, content, mode):
    file = preset(tmp_path, content)
    code, _, complained = sim("run", *mode, "experiment=coverage", "+preset=mine", f"--config-dir={tmp_path / 'own'}")
    assert (code, complained.count("\n")) == (2, 1)
    assert complained.startswith(f"sim run: {file}, {BAD[content]}")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'seed: "\xff"\n', "a file of the configuration: need text in UTF-8, 'utf-8' codec can't decode byte 0xff"),
        (HEAD + b"seed: ${nope\n", "seed: cannot be read, got ${nope"),
    ],
)
def test_a_file_with_anything_else_that_cannot_be_read_is_one_sentence(sim, tmp_path, content, sentence):
    preset(tmp_path, content)
    code, _, complained = sim("run", "experiment=coverage", "+preset=mine", f"--config-dir={tmp_path / 'own'}")
    assert (code, complained.count("\n")) == (2, 1)
    assert complained.startswith(f"sim run: {sentence}")


@pytest.mark.seldom(4)
@pytest.mark.parametrize("mode", [(), ("--multirun", "seed=1,2")])
@pytest.mark.parametrize("key", ["dry", "experiments", "figure", "distributed", "cluster", "plugins"])
def test_a_key_that_was_taken_out_is_missed(sim, key, mode):
    code, _, complained = sim("run", *mode, "budget=smoke", f"~{key}")
    assert (code, complained) == (2, f"sim run: {key}: need a value, got none\n" * (2 if mode else 1))


def preset(folder, content):
    """A preset of one's own."""
    file = folder / "own" / "preset" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return file
