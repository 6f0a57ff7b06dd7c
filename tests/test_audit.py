"""Adverse impact: hand-computed figures, fairlearn as an oracle, degenerate samples."""

import csv
import io
import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from fairlearn.metrics import MetricFrame, demographic_parity_ratio, selection_rate
from scipy.stats import fisher_exact

from evaluator.audit import GroupTable, Person, audit, impact, standardised_difference
from evaluator.audit_view import audit_csv, audit_json, audit_text
from evaluator.cli import main
from evaluator.domain import Answer
from evaluator.errors import AnswersError
from evaluator.groups import people_of, read_groups
from evaluator.results import to_json_line
from tests.fakes import engine, small_bank

CLOSE = 1e-9


def person(score: float | None, level: int | None = None, **groups: str) -> Person:
    if score is None:
        return Person(groups, {}, {"q": 1})
    return Person(groups, {"q": ((score, level or 3),)})


def figures(table: GroupTable) -> dict[tuple[str, ...], object]:
    return {group.group: group for group in table.groups}


# 8 of 10 and 4 of 10 selected. Scores: A 1..10, B 0.5..9.5: all twenty have median 5.25, five of each are above it.
BY_HAND = [
    *(person(float(n), 4 if n > 2 else 3, sex="A", site="N" if n % 2 else "S") for n in range(1, 11)),
    *(person(n - 0.5, 4 if n > 6 else 3, sex="B", site="N" if n % 2 else "S") for n in range(1, 11)),
]


def test_rates_ratios_and_differences_computed_by_hand() -> None:
    table = next(t for t in audit(BY_HAND, ["sex"]) if not t.question_id)
    a, b = figures(table)[("A",)], figures(table)[("B",)]
    assert table.median == 5.25
    assert (a.selection.rate, a.selection.ratio, a.selection.p) == (0.8, 1.0, None)
    assert (b.selection.rate, b.selection.ratio, b.selection.below_four_fifths) == (0.4, 0.5, True)
    # P(X <= 4) + P(X >= 8) of the hypergeometric distribution with 20, 12, 10.
    ways = [math.comb(12, k) * math.comb(8, 10 - k) / math.comb(20, 10) for k in range(2, 11)]
    assert abs(b.selection.p - sum(w for w in ways if w <= ways[4 - 2] + 1e-12)) < CLOSE
    assert (a.scoring.count, b.scoring.count, b.scoring.ratio) == (5, 5, 1.0)
    # Means 5.5 and 5.0, both variances 82.5 / 9.
    assert abs(a.smd - 0.5 / math.sqrt(82.5 / 9)) < CLOSE and abs(a.smd + b.smd) < CLOSE
    assert a.small and b.small and a.share == 0.5


def test_an_intersection_is_a_table_of_its_own_and_every_question_too() -> None:
    tables = audit(BY_HAND, ["sex", "site"])
    assert [(t.columns, t.question_id) for t in tables] == [
        (("sex",), ""), (("site",), ""), (("sex", "site"), ""), (("sex",), "q"), (("site",), "q"), (("sex", "site"), "q"),
    ]  # fmt: skip
    both = figures(tables[2])
    assert sorted(both) == [("A", "N"), ("A", "S"), ("B", "N"), ("B", "S")]
    assert (both[("A", "N")].selection.count, both[("B", "N")].selection.count) == (4, 2)
    assert both[("B", "N")].selection.ratio == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_fairlearn_agrees(seed: int) -> None:
    draw = random.Random(seed)
    people = [
        person(round(draw.uniform(0, 100), 1), draw.randint(1, 5), sex=draw.choice("abc"), age=draw.choice("xy"))
        for _ in range(200)
    ]
    scores = [p.scores["q"][0][0] for p in people]
    chosen = np.array([p.scores["q"][0][1] >= 4 for p in people])
    above = np.array([score > np.median(scores) for score in scores])
    for columns in (["sex"], ["sex", "age"]):
        table = next(t for t in audit(people, columns) if t.columns == tuple(columns))
        features = [[p.groups[c] for c in columns] for p in people]
        keys = ["/".join(f) for f in features]
        for name, hits in (("selection", chosen), ("scoring", above)):
            frame = MetricFrame(metrics=selection_rate, y_true=hits, y_pred=hits, sensitive_features=keys)
            best = frame.by_group.max()
            for group in table.groups:
                rate = getattr(group, name)
                expected = frame.by_group["/".join(group.group)]
                assert abs(rate.rate - expected) < CLOSE
                assert abs(rate.ratio - expected / best) < CLOSE
            least = min(getattr(group, name).ratio for group in table.groups)
            assert abs(least - demographic_parity_ratio(hits, hits, sensitive_features=keys)) < CLOSE
            reference = max((getattr(g, name) for g in table.groups), key=lambda r: (r.rate, r.of))
            for group in table.groups:
                rate = getattr(group, name)
                if rate.p is not None:
                    square = [[rate.count, rate.of - rate.count], [reference.count, reference.of - reference.count]]
                    assert abs(rate.p - fisher_exact(square).pvalue) < CLOSE


@pytest.mark.parametrize(
    ("counts", "ratios", "flagged"),
    [
        ([(8, 10), (8, 10)], [1.0, 1.0], [False, False]),
        ([(4, 5), (16, 25)], [1.0, 0.8], [False, False]),  # exactly four fifths is not below
        ([(10, 10), (7, 10)], [1.0, 0.7], [False, True]),
        ([(0, 10), (0, 5)], [None, None], [False, False]),
        ([(3, 4), (0, 0)], [1.0, None], [False, False]),
        ([], [], []),
    ],
)
def test_impact_ratios(counts: list[tuple[int, int]], ratios: list[float | None], flagged: list[bool]) -> None:
    rates = impact(counts)
    assert [rate.ratio for rate in rates] == pytest.approx(ratios)
    assert [rate.below_four_fifths for rate in rates] == flagged
    assert sum(rate.p is None and rate.ratio is not None for rate in rates) == (1 if any(c for c, _ in counts) else 0)


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [([1.0], [2.0, 3.0], None), ([2.0, 2.0], [2.0, 2.0], 0.0), ([2.0, 2.0], [3.0, 3.0], None), ([], [], None)],
)
def test_differences_that_are_not_defined_are_none(
    own: list[float], others: list[float], expected: float | None
) -> None:
    assert standardised_difference(own, others) == expected


def test_unscored_answers_are_counted_and_never_0() -> None:
    people = [person(50.0, 4, sex="A"), person(None, sex="A"), person(40.0, 4, sex="B"), person(None, sex="")]
    table = audit(people, ["sex"])[0]
    a = figures(table)[("A",)]
    assert (a.scored, a.unscored, a.unscored_answers, a.mean, a.selection.of) == (1, 1, 1, 50.0, 1)
    assert table.median == 45.0
    assert (table.unknown, table.unknown_unscored) == (0, 1)


def test_an_unscored_answer_beside_a_scored_one_changes_no_figure() -> None:
    both = Person({"sex": "A"}, {"q": ((60.0, 4),)}, {"r": 1})
    overall, per_q, per_r = audit([both], ["sex"])
    assert overall.groups[0].mean == per_q.groups[0].mean == 60.0 and overall.groups[0].unscored == 0
    assert (per_r.groups[0].scored, per_r.groups[0].unscored, per_r.groups[0].mean) == (0, 1, None)


def test_groups_differ_in_more_than_case_and_unknown_stands_apart() -> None:
    people = [person(5.0, 4, sex=value) for value in ("Female", "female", "FEMALE ", "Female", "N/A", "", "unknown")]
    table = audit(people, ["sex"])[0]
    assert [group.group for group in table.groups] == [("Female",)] and table.unknown == 3


def test_small_groups_are_marked_and_left_out_of_ratios_only_where_asked() -> None:
    people = [person(float(n), 4 if n % 2 else 3, sex="A") for n in range(60)] + [person(99.0, 5, sex="B")]
    plain, apart = audit(people, ["sex"])[0], audit(people, ["sex"], leave_out_below=0.02)[0]
    assert [group.small for group in plain.groups] == [False, True]
    assert figures(plain)[("A",)].selection.ratio == 0.5 and figures(plain)[("A",)].selection.below_four_fifths
    assert figures(apart)[("A",)].selection.ratio == 1.0
    assert figures(apart)[("B",)].left_out and figures(apart)[("B",)].selection.ratio is None
    assert figures(apart)[("B",)].selection.rate == 1.0


def test_order_of_people_changes_nothing() -> None:
    mixed = BY_HAND[:]
    random.Random(1).shuffle(mixed)
    assert audit(mixed, ["sex", "site"]) == audit(BY_HAND, ["sex", "site"])


def test_reports_say_what_they_do_not_say_and_hold_no_nan() -> None:
    empty = audit([person(None, sex="=cmd()\u202e")], ["sex"])
    text, record, table = audit_text(empty, 4), json.loads(audit_json(empty, 4)), audit_csv(empty)
    assert "not for a program to say" in " ".join(text.split())
    assert "\u202e" not in text
    assert record["tables"][0]["groups"][0]["mean_score"] is None
    assert "nan" not in (text + table).lower()
    rows = list(csv.reader(io.StringIO(table)))
    assert rows[1][2].startswith("'=") and len({len(row) for row in rows}) == 1


@pytest.fixture
def results(tmp_path: Path) -> Path:
    answers = [
        Answer(f"c{n}", "rude-customer", "I listen until the customer has finished talking." if n % 3 else "", n + 1, "", {"site": "N" if n % 2 else "S"})
        for n in range(12)
    ]  # fmt: skip
    path = tmp_path / "results.jsonl"
    path.write_text("".join(f"{to_json_line(r)}\n" for r in engine(small_bank()).evaluate(answers)), encoding="utf-8")
    return path


def run(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def test_the_command_in_three_forms(results: Path, tmp_path: Path) -> None:
    text = run("audit", str(results), "--group", "site")
    assert text.exit_code == 0, text.output
    assert "site, all questions" in text.stdout and "site, question rude-customer" in text.stdout
    record = json.loads(run("audit", str(results), "--group", "site", "--format", "json").stdout)
    groups = record["tables"][0]["groups"]
    assert [(g["group"], g["scored"], g["unscored"]) for g in groups] == [(["N"], 4, 2), (["S"], 4, 2)]
    out = tmp_path / "audit.csv"
    assert run("audit", str(results), "--group", "site", "--format", "csv", "-o", str(out)).stdout == ""
    assert out.read_text().startswith("columns,question_id,group")


def test_groups_from_a_file_of_their_own(results: Path, tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("sex;candidate_id\nf;c1\nm;c2\n;c4\n", encoding="utf-8")
    record = json.loads(
        run("audit", str(results), "--group", "sex", "--groups", str(path), "--format", "json", "--level", "1").stdout
    )
    table = record["tables"][0]
    assert [(g["group"], g["scored"]) for g in table["groups"]] == [(["f"], 1), (["m"], 1)]
    assert table["unknown"] == {"scored": 6, "unscored": 4}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,sex\nx,f\n", "no column 'candidate_id'"),
        ("candidate_id,sex\nc1,f\nc1,m\n", "row 3"),
        ("", "is empty"),
    ],
)
def test_a_wrong_file_of_groups_is_explained_without_naming_anybody(
    results: Path, tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(text, encoding="utf-8")
    result = run("audit", str(results), "--group", "sex", "--groups", str(path))
    assert result.exit_code == 1 and says in result.stderr and "c1" not in result.stderr


def test_an_unknown_column_and_two_groups_of_one_person(results: Path) -> None:
    assert "There are: 'site'" in run("audit", str(results), "--group", "sex").stderr
    lines = results.read_text().splitlines()
    results.write_text("\n".join([*lines, lines[1].replace('"site": "N"', '"site": "S"')]))
    result = run("audit", str(results), "--group", "site")
    assert result.exit_code == 1 and "two groups in column 'site'" in result.stderr and "c1" not in result.stderr


def test_people_are_read_once_each(results: Path) -> None:
    from evaluator.results import read_results

    people = people_of(read_results(results), ["site"])
    assert len(people) == 12 and sum(bool(p.scores) for p in people) == 8


def test_groups_are_read_from_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "groups.jsonl"
    path.write_text('{"candidate_id": "a", "sex": "f"}\n', encoding="utf-8")
    assert read_groups(path) == {"a": {"sex": "f"}}


def test_a_row_of_groups_with_a_fault_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("candidate_id,race\nc0,White\nc1,Black, African American\n", encoding="utf-8")
    with pytest.raises(AnswersError, match=r"groups\.csv row 3: the row has more cells than the header"):
        read_groups(path)


def test_groups_are_read_from_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pytest.importorskip("pyarrow").table({"candidate_id": ["c0", "c1"], "race": ["White", "Black"]})
    parquet.write_table(table, tmp_path / "groups.parquet")
    assert read_groups(tmp_path / "groups.parquet") == {"c0": {"race": "White"}, "c1": {"race": "Black"}}
