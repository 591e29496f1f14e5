"""What learners touch, as anywidgets: stepper, what-if editor, header panel, format table, card, scan panel, and more.

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
from .what_if import WhatIf

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
    "WhatIf",
    "board_page",
    "to_html",
    "to_page",
]
