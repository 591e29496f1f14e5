"""A plain page that says what a learner has completed, with the sum of the progress file that says so.

It is a copy of what stands in a file that anybody may write: a record for oneself, and no proof of who did it. The page
says that, too.
"""

from unpickled.certificate.page import Completed, Line, certificate, completed, to_page

__all__ = ["Completed", "Line", "certificate", "completed", "to_page"]
