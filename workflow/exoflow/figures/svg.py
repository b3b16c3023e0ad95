"""SVG pictures made safe to stand inside an HTML page."""

import re
import xml.etree.ElementTree as ElementTree

from exoflow.errors import CheckpointError

_SVG = "http://www.w3.org/2000/svg"
# A style sheet inside one picture would apply to the whole page.
_DROPPED = {"script", "foreignObject", "metadata", "iframe", "style"}
# What matplotlib says in the style sheet of every picture; inherited from the root.
_ROOT_STYLE = "stroke-linejoin: round; stroke-linecap: butt"
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
_ANY_URL = re.compile(r"url\(\s*['\"]?(?!#)[^)]*\)|@import[^;]*;?")


def inline_svg(text: str, prefix: str, label: str, source: str = "figure") -> str:
    """SVG element for an HTML page, from a whole SVG file.

    Scripts, event handlers, style sheets and everything that points outside the
    file are dropped. Ids get a prefix, so that several pictures on one page do
    not share clip paths. Width and height are dropped: the page decides.

    Parameters
    ----------
    text : str
        An SVG document.
    prefix : str
        Unique on the page; letters, digits, ``-``.
    label : str
        What the picture shows, for readers who do not see it.
    source : str
        Name of the file, for the error.

    Raises
    ------
    CheckpointError
        If the text is not an SVG document.
    """
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise CheckpointError(
            f"{source}: not a readable SVG ({error}). Delete it and run its phase again."
        ) from error
    if root.tag not in (f"{{{_SVG}}}svg", "svg"):
        raise CheckpointError(f"{source}: not an SVG document.")
    _clean(root, prefix)
    _fill_view_box(root)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("style", _ROOT_STYLE)
    root.set("role", "img")
    root.set("aria-label", label)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _clean(element: ElementTree.Element, prefix: str) -> None:
    element.tag = _local(element.tag)
    for name in list(element.attrib):
        value = element.attrib.pop(name)
        name = _local(name)
        if name.lower().startswith("on") or name == "base":
            continue
        if name == "href":
            if value.startswith("#"):
                value = f"#{prefix}-{value[1:]}"
            elif not value.startswith("data:image/"):
                continue
        elif name == "id":
            value = f"{prefix}-{value}"
        else:
            value = _local_references(value, prefix)
        element.set(name, value)
    for child in list(element):
        # Comments and processing instructions carry a function as their tag.
        if not isinstance(child.tag, str) or _local(child.tag) in _DROPPED:
            element.remove(child)
        else:
            _clean(child, prefix)


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]


def _local_references(value: str, prefix: str) -> str:
    return _REFERENCE.sub(rf"url(#{prefix}-\1)", _ANY_URL.sub("none", value))


def _fill_view_box(root: ElementTree.Element) -> None:
    if "viewBox" in root.attrib:
        return
    width, height = (re.match(r"[\d.]+", root.get(name, "")) for name in ("width", "height"))
    if width and height:
        root.set("viewBox", f"0 0 {width.group()} {height.group()}")
