"""What learners touch, as anywidgets: stepper, header panel, table, card, scan panel, rail, scoreboard, progress file.

Each is one ES module and one style sheet joined from `static/`, with its whole state in JSON traits. `to_html`
shows any of them on a page without a kernel.
"""

from __future__ import annotations

from .base import CourseWidget
from .board import BoardView, board_page
from .format_table import FormatTable
from .header_panel import HeaderPanel
from .html import to_html, to_page
from .progress_file import ProgressFile
from .quiz_card import QuizCard
from .rail import Rail
from .scan_panel import ScanPanel
from .search import Search
from .stepper import Stepper

__all__ = [
    "BoardView",
    "CourseWidget",
    "FormatTable",
    "HeaderPanel",
    "ProgressFile",
    "QuizCard",
    "Rail",
    "ScanPanel",
    "Search",
    "Stepper",
    "board_page",
    "to_html",
    "to_page",
]
