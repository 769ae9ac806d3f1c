"""What Gradio reads from the environment at import time; call `prepare` before anything imports it."""

import os
from pathlib import Path
from typing import Final

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
    """Quieten Gradio and give its uploads their folder. Gradio knows no other way than the environment."""
    os.environ.update(_SETTINGS, GRADIO_TEMP_DIR=str(upload_dir))  # noqa: TID251 - see above
