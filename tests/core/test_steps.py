"""What of a text is a step: the items of a top-level list, as Markdown has them, or the paragraphs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from firsthand.core.steps import markdown_of, steps_of


@pytest.mark.parametrize(
    ("markdown", "steps"),
    [
        ("1. Call\n2. Move it\n", ("Call", "Move it")),
        ("- Call\n  and wait\n  - long\n\n  So\n- Move\n\nDone.", ("Call\nand wait\n- long\n\nSo", "Move")),
        ("How it is done:\n\n* [ ] Call\n* [x] Move\n", ("Call", "Move")),
        ("Call\nand wait\n\n# Then\n\nMove", ("Call\nand wait", "Move")),
        ("It was opened in\n2019. It is old.", ("It was opened in\n2019. It is old.",)),
        ("1. Run\n\n   ```\n   - no\n\n   - nor\n   ```\n2. Look", ("Run\n\n```\n- no\n\n- nor\n```", "Look")),
        ("- Call\n---\n- Move\n***", ("Call", "Move")),
        ("- \n- Move", ("Move",)),
        ("* * *\n\n", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_a_text_has_these_steps(markdown, steps):
    assert steps_of(markdown) == steps


WORDS = st.text(st.characters(categories=("L", "N", "P", "So")), min_size=1, max_size=20).filter(
    lambda text: not text.startswith(("#", "-", "*", "+", "_", "`", "~", "[", "<", ">", "="))
)


@given(st.lists(WORDS, min_size=1, max_size=20))
def test_what_is_given_as_steps_one_by_one_are_the_steps(texts):
    assert steps_of(markdown_of(texts)) == tuple(texts)


@given(st.lists(st.sampled_from(["- a", "* b", "1. c", "  - d", "", "  more", "text", "## e", "***"]), max_size=12))
def test_there_are_as_many_items_as_markdown_has(lines):
    markdown = "\n".join(lines)
    tokens = MarkdownIt("commonmark").parse(markdown)
    items = [
        at for at, token in enumerate(tokens)
        if token.type == "list_item_open" and token.level == 1 and tokens[at + 1].type != "list_item_close"
    ]  # fmt: skip
    if items:
        assert len(steps_of(markdown)) == len(items)


@given(st.text(max_size=500))
def test_no_text_is_too_odd(text):
    for step in steps_of(text):
        assert step.strip()
