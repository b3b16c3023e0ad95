"""SVG made safe to stand in a page."""

import pytest

from exoflow.errors import CheckpointError
from exoflow.figures.svg import inline_svg

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def test_ids_and_references_get_the_prefix() -> None:
    text = (
        f'{HEAD} viewBox="0 0 1 1"><defs><path id="a"/></defs><use xlink:href="#a"/>'
        '<g clip-path="url(#a)" style="fill: url(#a)"/></svg>'
    )
    found = inline_svg(text, "p", "label")
    assert 'id="p-a"' in found
    assert 'href="#p-a"' in found and "xlink" not in found
    assert found.count("url(#p-a)") == 2


def test_nothing_active_or_outside_survives() -> None:
    text = (
        f'{HEAD} viewBox="0 0 1 1" onload="x()"><script>x()</script><style>@import "a";</style>'
        '<image href="https://example.org/a.png"/><a href="javascript:x()"><text>kept</text></a>'
        '<rect style="fill: url(https://example.org/b)"/><foreignObject/><!-- note --></svg>'
    )
    found = inline_svg(text, "p", "label")
    for gone in ("script", "onload", "example.org", "import", "foreignObject", "note"):
        assert gone not in found
    assert "kept" in found


def test_size_is_left_to_the_page() -> None:
    found = inline_svg(f'{HEAD} width="200pt" height="80pt"/>', "p", 'a "b"')
    assert 'viewBox="0 0 200 80"' in found
    assert "width=" not in found
    assert 'aria-label="a &quot;b&quot;"' in found


@pytest.mark.parametrize("text", ["<svg", "<html/>", ""])
def test_other_content_is_named(text: str) -> None:
    with pytest.raises(CheckpointError, match=r"barati\.svg"):
        inline_svg(text, "p", "label", "barati.svg")
