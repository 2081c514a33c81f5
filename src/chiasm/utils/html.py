"""HTML from the templates of the package."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

# Whatever the data says is escaped; only what a template marks as safe is not.
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_html(template: str, **values: object) -> Markup:
    """Fill in a template, named by its path in the package."""
    return Markup(_TEMPLATES.get_template(template).render(values))  # noqa: S704
