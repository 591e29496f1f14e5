"""The zero-install site: the lesson as a JupyterLite site, whose Python is Pyodide, in the learner's own browser.

Everything that a page asks for comes from the site's own folder. `build_site` makes it; `unrecorded` tells which
cells of the course need something that no browser has and have no recorded run to show in its place.
"""

from __future__ import annotations

from unpickled.authoring.site.building import OUT, Made, build_site
from unpickled.authoring.site.lacking import Needs, needs
from unpickled.authoring.site.recorded import RECORDED, unrecorded

__all__ = ["OUT", "RECORDED", "Made", "Needs", "build_site", "needs", "unrecorded"]
