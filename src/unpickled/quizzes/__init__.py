"""The graded quiz: load its items and key, and score typed answers by criteria, offline and explained.

`load_quiz` reads a lesson's quiz, `score` scores one answer, `score_lines` a whole file of them.
"""

from __future__ import annotations

from unpickled.quizzes.lines import score_lines
from unpickled.quizzes.quiz import Criterion, Question, Quiz, load_quiz
from unpickled.quizzes.scoring import Score, score

__all__ = ["Criterion", "Question", "Quiz", "Score", "load_quiz", "score", "score_lines"]
