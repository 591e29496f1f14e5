"""A roster is read as CSV means it, and a wrong line changes nothing and is told by its own number."""

from __future__ import annotations

import pytest

from unpickled.grading import GradingError, import_roster
from unpickled.grading.roster import read_roster
from unpickled.grading.stock import gradebook


def read(tmp_path, text):
    path = tmp_path / "students.csv"
    path.write_bytes(text.encode())
    return read_roster(path)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_quotes_are_doubled_in_quotes(tmp_path, separator, ending):
    """Separators, quotes and line ends inside a field are the field's own, whatever separates the others."""
    name = f'"Smith ""Bob"" {separator} Jr"'
    lines = [f"id{separator}last_name{separator}email", f"bob{separator}{name}{separator}b@x"]
    (row,) = read(tmp_path, ending.join([*lines, ""])).values()
    assert (row["last_name"], row["email"]) == (f'Smith "Bob" {separator} Jr', "b@x")


def test_fields_that_are_left_out_are_empty_and_blank_ones_do_not_count(tmp_path):
    """A short line is no mistake, nor are the empty fields that spreadsheets put behind the last one."""
    rows = read(tmp_path, "\n\nid,first_name\n\nada\n,,\nbob,Bob,,\n")
    found = {number: (row["id"], row["first_name"]) for number, row in rows.items()}
    assert found == {5: ("ada", ""), 7: ("bob", "Bob")}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("id,first_name\n\n\nada,Ada\n\n../x,Bob\n", 6, "cannot be an id"),
        ("id,first_name\n\nada\n\nada\n", 5, "the id ada stands in line 3 too"),
        ('id,first_name\nada,"Ada\nMaria"\n\n.bob,Bob\n', 5, "cannot be an id"),
        ("\n\nname\nada\n", 3, "no column with ids"),
        ("id,last_name\nada,Love\nbob,Smith, Jr\n", 3, "there are 3 fields, and 2 in the heading"),
        ('id,last_name\nada,"Love"lace\n', 2, "this is no CSV"),
        ('id,last_name\nada,Love\nbob,"Smith\n', 3, "this is no CSV"),
        ("id,lms_user_id\nada,7\nbob,\ncy,\ndi,7\n", 5, "the lms_user_id 7 stands in line 2 too"),
        (f"id\n{'a' * 129}\n", 2, "cannot be an id"),
    ],
)
def test_the_number_that_is_told_is_that_of_the_line(tmp_path, text, line, problem):
    """Blank lines and line ends in quotes are counted, as an editor counts them."""
    with pytest.raises(GradingError, match=problem) as caught:
        read(tmp_path, text)
    assert caught.value.place == f"students.csv:{line}"


def test_two_students_cannot_share_a_number_of_the_platform(course, tmp_path):
    """Nor with somebody whom only the gradebook knows; to exchange two numbers, both lines are given."""

    def give(text):
        path = tmp_path / "students.csv"
        path.write_text(text)
        return import_roster(course, path)

    give("id,lms_user_id\nada,1\nbob,2\n")
    with pytest.raises(GradingError, match="is that of ada in the gradebook") as caught:
        give("id,lms_user_id\ncy,3\nbob,1\n")
    assert caught.value.place == "students.csv:3"
    with gradebook(course) as book:
        assert {one.id: one.lms_user_id for one in book.students} == {"ada": "1", "bob": "2"}
    assert give("id,lms_user_id\nada,2\nbob,1\n").changed == 2
    assert give("id,lms_user_id\nada,2\n").same == 1
