"""Each lesson as one page for a reader without Python: run, drawn, and written as a single HTML file."""

from unpickled.authoring.offline.building import OUT, Made, build_pages

__all__ = ["OUT", "Made", "build_pages"]
