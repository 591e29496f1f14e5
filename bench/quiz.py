"""How well and how fast the quiz scorer works, beside a baseline that learns from letters alone.

usage: python bench/quiz.py [--json] [--folds] [--final] [--show]

Without an option: every file of labelled answers, the scorer as it is (it was tuned on most of them: no proof), and
1,000 answers timed. `--folds` cross-validates: for each file the scorer keeps only those phrases of its lexicon that
some answer of the other files uses, and the baseline learns from the other files; then both score that file. At the
end the same for the two halves of the 120 labelled answers, each knowing the other half only.
`--final` scores the files that nobody may tune on; a file whose answers somebody has looked at moves to data/.
`--show` prints each wrong decision.
"""

from __future__ import annotations

import json
import os
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from zlib import crc32

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # more threads only get in each other's way here

import numpy as np

from unpickled.quizzes import Question, Quiz, load_quiz, score, score_lines
from unpickled.quizzes.letters import fold
from unpickled.quizzes.lexicon import Lexicon, language

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "quizzes" / "data"
FINAL = ROOT / "tests" / "quizzes" / "final"
LESSON = "L4.4.2"
BUCKETS = 1 << 13
Row = dict
Scorer = Callable[[Question, str], tuple[dict[str, bool], bool]]


@dataclass
class Tally:
    """Counts over decisions: right, unmet ones credited, met ones missed; and answers flagged."""

    answers: int = 0
    flagged: int = 0
    decisions: int = 0
    right: int = 0
    unmet: int = 0
    credited: int = 0
    sure: int = 0
    sure_right: int = 0

    def add(self, labels: dict[str, bool], criteria: dict[str, bool], review: bool) -> None:
        self.answers += 1
        self.flagged += review
        for name, label in labels.items():
            right = criteria[name] == label
            self.decisions += 1
            self.right += right
            self.unmet += not label
            self.credited += criteria[name] and not label
            self.sure += not review
            self.sure_right += right and not review

    def row(self) -> dict[str, float]:
        return {
            "answers": self.answers,
            "decisions": self.decisions,
            "right": round(self.right / self.decisions, 3),
            "unmet credited": round(self.credited / max(1, self.unmet), 3),
            "flagged": round(self.flagged / self.answers, 3),
            "right where not flagged": round(self.sure_right / max(1, self.sure), 3),
        }


def files(folder: Path = DATA) -> dict[str, list[Row]]:
    return {
        path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    }


def tally(quiz: Quiz, rows: list[Row], scorer: Scorer, *, show: bool = False) -> Tally:
    counts = Tally()
    for row in rows:
        criteria, review = scorer(quiz.questions[row["question"]], row["answer"])
        counts.add(row["labels"], criteria, review)
        if show and criteria != row["labels"]:
            print(row["id"], "flagged" if review else "sure", criteria, row["answer"][:300])
    return counts


def with_quiz(quiz: Quiz) -> Scorer:
    def scorer(question: Question, answer: str) -> tuple[dict[str, bool], bool]:
        result = score(quiz, question, answer)
        return result.criteria, result.review

    return scorer


def attested(quiz: Quiz, rows: list[Row]) -> Quiz:
    """Return the quiz with only those phrases of its own lexicon that some of the answers use."""
    meaning = tomllib.loads((ROOT / "quizzes" / LESSON / "meaning.toml").read_text("utf-8"))
    split = {
        name: [phrase.strip() for phrase in text.replace("\n", " ").split(",") if phrase.strip()]
        for name, text in meaning["concepts"].items()
    }
    single = {
        f"{name}#{i}": phrase for name, group in split.items() for i, phrase in enumerate(group)
    }
    general = language()
    finder = Lexicon(
        {**general.concepts, **single}, {}, general.guarded, tongues=meaning["tongues"]
    )
    used: set[str] = set()
    for row in rows:
        used.update(finder.hits(finder.tokens(fold(row["answer"]))))
    kept = {
        name: ", ".join(phrase for i, phrase in enumerate(group) if f"{name}#{i}" in used)
        for name, group in split.items()
    }
    hides = {**general.hides, **meaning["hides"]}
    foreign = meaning["glosses"], meaning["tongues"]
    lexicon = Lexicon({**general.concepts, **kept}, hides, general.guarded, *foreign)
    return replace(quiz, lexicon=lexicon)


# ------------------------------------------------------------------ the baseline: letters alone


@cache
def features(text: str) -> np.ndarray:
    """Return the hashed counts of runs of 2 to 5 letters and of words, as a unit vector."""
    plain = f" {' '.join(fold(text).split())} "
    vector = np.zeros(BUCKETS, np.float32)
    for size in (2, 3, 4, 5):
        for i in range(min(len(plain), 3000) - size + 1):
            vector[crc32(plain[i : i + size].encode("utf-8", "replace")) % BUCKETS] += 1
    for word in plain.split()[:500]:
        vector[crc32(f"w:{word}".encode("utf-8", "replace")) % BUCKETS] += 2
    vector = np.sqrt(vector)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def learned(rows: list[Row]) -> Scorer:
    """Return a logistic regression for each criterion, trained on the rows; unsure within 0.4 to 0.6."""
    weights: dict[str, np.ndarray] = {}
    for question in sorted({row["question"] for row in rows}):
        mine = [row for row in rows if row["question"] == question]
        x = np.stack([features(row["answer"]) for row in mine])
        for name in mine[0]["labels"]:
            weights[name] = fit(x, np.array([row["labels"][name] for row in mine], np.float32))

    def scorer(question: Question, answer: str) -> tuple[dict[str, bool], bool]:
        vector = np.append(features(answer), np.float32(1))
        chances = {
            one.id: 1 / (1 + np.exp(-float(vector @ weights[one.id]))) for one in question.criteria
        }
        met = {name: chance >= 0.5 for name, chance in chances.items()}
        return met, any(0.4 < chance < 0.6 for chance in chances.values())

    return scorer


def fit(
    x: np.ndarray, y: np.ndarray, rounds: int = 150, rate: float = 4.0, decay: float = 1e-3
) -> np.ndarray:
    x = np.hstack([x, np.ones((len(x), 1), np.float32)])
    w = np.zeros(x.shape[1], np.float32)
    for _ in range(rounds):
        w -= rate * (x.T @ (1 / (1 + np.exp(-(x @ w))) - y) / len(y) + decay * w)
    return w


# ------------------------------------------------------------------ the table


def seconds_for(quiz: Quiz, rows: list[Row], count: int = 1000) -> float:
    lines = [
        json.dumps({"id": str(i), "question": row["question"], "answer": row["answer"]})
        for i, row in zip(range(count), rows * count, strict=False)
    ]
    start = time.perf_counter()
    for _ in score_lines(quiz, lines):
        pass
    return time.perf_counter() - start


def main() -> None:
    start = time.perf_counter()
    quiz = load_quiz(LESSON, ROOT)
    loading = time.perf_counter() - start
    data = files(FINAL if "--final" in sys.argv else DATA)
    table: dict[str, dict[str, float]] = {}
    for name, rows in data.items():
        others = [row for other, group in data.items() if other != name for row in group]
        if "--folds" in sys.argv:
            table[f"{name}, scorer"] = tally(quiz, rows, with_quiz(attested(quiz, others))).row()
            table[f"{name}, letters"] = tally(quiz, rows, learned(others)).row()
        else:
            table[name] = tally(quiz, rows, with_quiz(quiz), show="--show" in sys.argv).row()
    if "--folds" in sys.argv:
        halves = [[], []]
        for row in data["labelled"]:
            halves[crc32(row["id"].encode()) % 2].append(row)
        for i, half in enumerate(halves):
            seen = halves[1 - i]
            table[f"half {i + 1}, scorer"] = tally(
                quiz, half, with_quiz(attested(quiz, seen))
            ).row()
            table[f"half {i + 1}, letters"] = tally(quiz, half, learned(seen)).row()
    speed = {
        "loading the quiz, s": round(loading, 3),
        "1,000 answers, s (under 5)": round(seconds_for(quiz, files()["labelled"]), 3),
    }
    if "--json" in sys.argv:
        print(json.dumps({"accuracy": table, "speed": speed}))
        return
    heads = list(next(iter(table.values())))
    print(f"{'':<22}" + "".join(f"{head:>{max(9, len(head) + 2)}}" for head in heads))
    for name, cells in table.items():
        print(f"{name:<22}" + "".join(f"{cells[head]:>{max(9, len(head) + 2)}}" for head in heads))
    for name, value in speed.items():
        print(f"{name:<30} {value}")


if __name__ == "__main__":
    main()
