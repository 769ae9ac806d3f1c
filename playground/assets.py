"""Where the files that are not Python live: in the wheel inside the package, in a checkout beside it."""

from pathlib import Path


def asset(*parts: str) -> Path:
    """Return the path of one packed file or folder, e.g. `asset("fonts", "DejaVuSans.ttf")`."""
    package = Path(__file__).resolve().parent
    packed = package.joinpath("assets", *parts)
    return packed if packed.exists() else package.parent.joinpath("assets", *parts)
