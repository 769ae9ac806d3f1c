"""The page that asks who you are: plain HTML of ours, since Gradio is behind the gate."""

from html import escape

from playground.ui import texts
from playground.ui.pieces import STATIC, template


def login_page(*, passwords: bool, provider: str | None, problem: str | None = None, root: str = "") -> str:
    """The login page. `root` leads from its address to that of the page, such as `../`."""
    said = texts.said()
    words = {
        **said.login,
        "title": said.page.title,
        "tagline": said.page.tagline,
        "problem": problem or "",
        "provider": provider or "",
    }
    page = template("login.html")
    for name, there in (("passwords", passwords), ("provider", provider is not None), ("problem", problem is not None)):
        page = _part(page, name, there)
    page = _part(page, "either", passwords and provider is not None)
    for name, text in words.items():
        page = page.replace("{{" + name + "}}", escape(text.replace("{provider}", provider or "")))
    return page.replace("{static}", root + STATIC).replace("{root}", root)


def _part(page: str, name: str, there: bool) -> str:
    """A part of the template between its two comments, kept or left out."""
    before, _, rest = page.partition(f"<!-- {name} -->")
    inside, _, after = rest.partition(f"<!-- /{name} -->")
    return before + (inside if there else "") + after
