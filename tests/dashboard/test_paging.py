"""Pages of a list are turned there and back, and another question begins at the first."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

WORDS = {
    "pages.page.back": "Back",
    "pages.page.next": "Next",
    "pages.page.of": "{from_n}-{to_n}/{total}",
}


def script() -> None:
    """Draw a list of seven, three to a page, with the cursors an API would give."""
    import streamlit as st

    from dashboard.paging import Pages, tell, told
    from dashboard.words import Words

    say = Words(lang="en", texts=dict(st.session_state["words"]))
    told("seven")
    pages = Pages.of("seven", st.text_input("q"), 3)
    begin = int(pages.cursor or 0)
    items = list(range(begin, min(begin + 3, 7)))
    st.text(str(items))
    pages.turn(say, {"items": items, "total": 7, "next": str(begin + 3) if begin < 6 else None})
    if st.button("act"):
        tell("seven", "went wrong", "error")
        st.rerun()


def stand() -> AppTest:
    """Run the list once."""
    app = AppTest.from_function(script, default_timeout=20)
    app.session_state["words"] = WORDS
    return app.run()


def test_pages_go_on_and_back() -> None:
    """Each page follows the one before, the ends cannot be passed."""
    app = stand()
    seen = [app.text[0].value]
    assert app.button(key="seven_back").disabled
    for _ in range(2):
        app.button(key="seven_next").click().run()
        seen.append(app.text[0].value)
    assert seen == ["[0, 1, 2]", "[3, 4, 5]", "[6]"]
    assert app.button(key="seven_next").disabled
    assert app.caption[0].value == "7-7/7"
    app.button(key="seven_back").click().run()
    assert app.text[0].value == "[3, 4, 5]"


def test_another_question_begins_at_the_first_page() -> None:
    """A cursor of one question is never sent with another."""
    app = stand()
    app.button(key="seven_next").click().run()
    app.text_input[0].set_value("other").run()
    assert app.text[0].value == "[0, 1, 2]"


def test_what_an_act_did_is_said_once() -> None:
    """The word outlives the run that follows an act, and no further."""
    app = stand()
    app.button[-1].click().run()
    assert [one.value for one in app.error] == ["went wrong"]
    app.run()
    assert not app.error
