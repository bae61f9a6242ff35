import re
from pathlib import Path

import pytest

from design.copy_files import SOURCE, copies

ROOT = SOURCE.parent
OWN_STYLES = ("roles.css", "components.css")
OVERRIDES = sorted(ROOT.glob("sp_examples/*/static/site.css"))
PAGES = sorted(
    page
    for folder in ("idp/web/templates", "card_agent/templates", "sp_examples", "testbed/templates")
    for page in (ROOT / folder).rglob("*.html")
)


def read_css(name: str) -> str:
    return re.sub(r"/\*.*?\*/", "", (SOURCE / name).read_text(encoding="utf-8"), flags=re.DOTALL)


def declared(css: str) -> set[str]:
    return set(re.findall(r"(--[a-z0-9-]+)\s*:", css))


def used(css: str) -> set[str]:
    return set(re.findall(r"var\((--[a-z0-9-]+)", css))


def test_every_copy_equals_its_source() -> None:
    differing = [copy for copy, source in copies(ROOT).items() if copy.read_bytes() != source.read_bytes()]
    assert differing == [], "run: python -m design.copy_files"


def test_every_custom_property_in_use_is_defined() -> None:
    whole = "".join(read_css(name) for name in ("tokens.css", *OWN_STYLES))
    assert used(whole) - declared(whole) == set()


def test_components_name_roles_and_never_tokens_or_colours() -> None:
    components = read_css("components.css")
    assert used(components) & declared(read_css("tokens.css")) == set()
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", components) == []


def test_text_has_only_the_listed_sizes_and_two_weights() -> None:
    components = read_css("components.css")
    assert {value for value in re.findall(r"font-size:\s*([^;]+);", components) if "--size-" not in value} == set()
    assert set(re.findall(r"font-weight:\s*([^;]+);", components)) == {"var(--normal)", "var(--bold)"}


def test_there_is_one_breakpoint() -> None:
    widths = set(re.findall(r"@media \(width (?:<|>=) ([^)]+)\)", read_css("components.css")))
    assert widths == {"48rem"}


@pytest.mark.parametrize("forbidden", ["@import", "transition", "animation", ":disabled", "url(", "!important"])
def test_styles_leave_out(forbidden: str) -> None:
    assert not [name for name in OWN_STYLES if forbidden in read_css(name)]


@pytest.mark.parametrize("override", OVERRIDES, ids=lambda path: path.parts[-3])
def test_a_site_overrides_roles_only(override: Path) -> None:
    css = re.sub(r"/\*.*?\*/", "", override.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert declared(css) <= declared(read_css("roles.css"))
    assert used(css) <= declared(read_css("tokens.css")) | declared(read_css("roles.css"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_has_nothing_that_the_content_policy_would_stop(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script>|javascript:|\sdisabled\b", html) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_uses_only_classes_that_exist(page: Path) -> None:
    known = set(re.findall(r"\.([a-z][a-z-]*)", read_css("components.css")))
    lists = re.findall(r'class="([^"{]*)"', page.read_text(encoding="utf-8"))
    assert {name for names in lists for name in names.split()} <= known
