"""Files that hold sound and nothing to see."""

from pathlib import Path
from typing import Any

import av
import numpy as np


def sound_alone(path: Path) -> Path:
    """Write a second of silence."""
    container: Any
    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="stereo")
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 48_000), np.float32), format="fltp", layout="stereo")
        silence.rate = 48_000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    return path
