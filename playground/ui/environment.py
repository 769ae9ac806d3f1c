"""How Gradio is imported: what it reads from the environment then, and without what it would do for editors.

Call `prepare` before anything else imports it.
"""

import inspect
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_SETTINGS: Final = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # Gradio recomputes statistics with pandas after every event; measured at up to 80 % of a core, for nothing.
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_SSR_MODE": "False",
}


def prepare(upload_dir: Path) -> None:
    """Quieten Gradio, give its uploads their folder, and import it. It knows no other way than the environment."""
    os.environ.update(_SETTINGS, GRADIO_TEMP_DIR=str(upload_dir))  # noqa: TID251 - see above
    with _no_stubs():
        import gradio  # pyright: ignore[reportUnusedImport]  # noqa: F401 - for the next who imports it


@contextmanager
def _no_stubs() -> Generator[None]:
    """Let Gradio find no source of its own classes: it skips then what else takes half of the whole import.

    At each import it parses its components, and writes a type stub beside each (gradio/component_meta.py, 6.31).
    """
    real = inspect.getfile

    def getfile(what: Any) -> str:
        if str(getattr(what, "__module__", "")).startswith("gradio."):
            raise OSError
        return real(what)

    inspect.getfile = getfile
    try:
        yield
    finally:
        inspect.getfile = real
