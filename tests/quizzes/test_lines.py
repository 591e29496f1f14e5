from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from unpickled.cli.score import score as command
from unpickled.errors import CourseError
from unpickled.quizzes import score_lines

KEYS = ["id", "points", "max", "criteria", "review", "feedback"]


def one(quiz, line):
    (result,) = score_lines(quiz, [line])
    return result


def test_a_line_gives_the_promised_fields(quiz):
    """A result holds id, points, max, criteria, review and feedback, in this order."""
    result = one(quiz, '{"id": "a", "question": "q2", "answer": "safetensors"}')
    assert list(result) == KEYS
    assert (result["id"], result["points"], result["max"], result["review"]) == ("a", 1, 1, False)
    assert result["criteria"] == {"safetensors": True}


@pytest.mark.parametrize(
    "line",
    [
        "{", "null", "[]", "3", '"text"', "{}", '{"id": "a"}', '{"id": "a", "question": "q9", "answer": "x"}',
        '{"id": "a", "question": ["q1"], "answer": "x"}', '{"id": "a", "question": "q1", "answer": 3}',
        '{"id": "a", "question": "q1", "answer": ["runs code"]}', '{"id": "a", "question": "q1"}', "[" * 100_000,
        b"\xff\xfe", b'{"id": "a", "question": "q1", "answer": "\xff"}', '{"id": "a", "question": "q1", "answer": NaN}',
        '{"id": {}, "question": null, "answer": {}}', "x" * 9_000_000, '{"n": ' + "9" * 6000 + "}",
    ],
    ids=lambda line: repr(line[:40]),
)  # fmt: skip
def test_a_line_that_cannot_be_scored_is_flagged_with_no_points(line, quiz):
    """No odd line raises or is lost: it earns nothing, a person is asked, and the result is JSON again."""
    result = one(quiz, line)
    assert (result["points"], result["review"]) == (0, True)
    assert result["feedback"]
    assert list(json.loads(json.dumps(result))) == KEYS


def test_an_empty_answer_earns_nothing_and_asks_nobody(quiz):
    """Nothing, null or spaces is no points, and that is sure."""
    for answer in ('""', "null", '" \\n\\t "', '"\\u200b"'):
        result = one(quiz, f'{{"id": "a", "question": "q3", "answer": {answer}}}')
        assert (result["points"], result["max"], result["review"]) == (0, 3, False)


def test_an_id_given_twice_is_flagged_the_second_time(quiz):
    """Both lines have a result, and a person decides."""
    line = '{"id": "a", "question": "q2", "answer": "safetensors"}'
    assert [result["review"] for result in score_lines(quiz, [line, line])] == [False, True]


def test_blank_lines_and_a_byte_order_mark_are_no_answers(quiz):
    """They are passed over."""
    line = b'\xef\xbb\xbf{"id": "a", "question": "q2", "answer": "safetensors"}\n'
    assert [result["points"] for result in score_lines(quiz, [line, b"\n", b"  \r\n"])] == [1]


def test_ids_that_are_numbers_or_missing_get_a_name(quiz):
    """A number is its text, and a missing id is the number of the line."""
    lines = ['{"id": 7, "question": "q2", "answer": "x"}', '{"question": "q2", "answer": "x"}']
    assert [result["id"] for result in score_lines(quiz, lines)] == ["7", "line 2"]


@given(st.binary(max_size=200))
def test_any_bytes_give_at_most_one_result(data):
    """Bytes that are no line at all never raise."""
    from unpickled.quizzes import load_quiz

    quiz = load_quiz("L4.4.2")
    for result in score_lines(quiz, [data]):
        assert json.dumps(result)


def test_the_command_prints_a_result_for_each_line(tmp_path, monkeypatch, root):
    """With --json every line is a result; without, a table and a sum."""
    monkeypatch.chdir(root)
    path = tmp_path / "answers.jsonl"
    path.write_text(
        '{"id": "\\u001b[31ma", "question": "q2", "answer": "safetensors"}\nno json\n', "utf-8"
    )
    shown = CliRunner().invoke(
        command, ["L4.4.2", "--answers", str(path), "--json"], standalone_mode=False
    )
    assert [json.loads(line)["points"] for line in shown.output.splitlines()] == [1, 0]
    table = CliRunner().invoke(
        command, ["L4.4.2", "--answers", str(path), "--why"], standalone_mode=False
    )
    assert "2 answers, 1 of 1 points, 1 to review." in table.output
    assert "\x1b[31m" not in table.output


def test_a_file_that_is_missing_is_named(tmp_path, monkeypatch, root):
    """The error tells the path and what to give instead."""
    monkeypatch.chdir(root)
    result = CliRunner().invoke(
        command, ["L4.4.2", "--answers", str(tmp_path / "no")], standalone_mode=False
    )
    assert isinstance(result.exception, CourseError)
    assert "no" in result.exception.place
