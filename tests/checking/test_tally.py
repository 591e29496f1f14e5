"""Parts of a check add up, and one that fails leaves the others alone."""

from __future__ import annotations

import pytest

from unpickled.checking import Tally
from unpickled.errors import StudentError


def missing():
    raise StudentError("there is no x yet", "Write it.")


def test_parts_add_up_and_only_what_is_wrong_is_told():
    """Points of what holds; the sentence of what does not; the error of what could not be asked."""
    tally = Tally(4)
    assert tally.part(1, lambda: True, "not told")
    assert not tally.part(1, lambda: False, "told")
    assert not tally.part(1, missing, "not told either")
    assert tally.share(1, lambda: 0.5, "half of it") == 0.5
    outcome = tally.outcome()
    assert (outcome.points, outcome.maximum) == (1.5, 4)
    assert outcome.feedback == ("told", "There is no x yet. Write it.", "half of it")


@pytest.mark.parametrize("truth", [1, "yes", [0], object()])
def test_only_true_is_true(truth):
    """A value that merely counts as true earns nothing."""
    tally = Tally(1)
    tally.part(1, lambda: truth, "no")
    assert tally.outcome().points == 0


@pytest.mark.parametrize(("share", "points"), [(-1, 0), (5, 3), (1 / 3, 1), (0.1, 0.3)])
def test_a_share_stays_within_its_points(share, points):
    """Less than nothing is nothing, more than all is all; nothing is lost to binary fractions."""
    tally = Tally(3)
    tally.share(3, lambda: share, "some")
    assert tally.outcome().points == points


def test_parts_that_do_not_add_up_are_the_authors_mistake():
    """A check that offers less than its maximum could never give full marks."""
    tally = Tally(3)
    tally.part(1, lambda: True, "")
    with pytest.raises(ValueError, match="1 points of 3"):
        tally.outcome()
