"""The one error this room raises on purpose."""


class RenderError(Exception):
    """A clip that cannot be made, told to a person.

    `code` is for programs: `bad_spec`, `bad_media`, `no_space` or `render_failed`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
