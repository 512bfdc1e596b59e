"""Show a run on a local page in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.watching.browser import BrowserWatch
    from autotl.watching.page import RunPage
    from autotl.watching.run_files import RunFolderSource
    from autotl.watching.server import PORT, PageServer

__all__ = ["PORT", "BrowserWatch", "PageServer", "RunFolderSource", "RunPage"]

lazy_package(__name__)
