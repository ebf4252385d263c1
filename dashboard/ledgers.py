"""
The ledgers: one table at a time with filters, sums, files to take away, and the facts of a row.

Must not count or fold; the API did. Which ledgers, fields and states there are comes from it too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.paging import Pages, choose_row
from dashboard.words import Words

PAGE_SIZE: Final = 25
# days that a list goes back, None = to the beginning
SPANS: Final = (1, 7, 31, None)
SORTS: Final = ("-at", "until", "-amount")
DAY_S: Final = 86_400
PERCENTS: Final = (50, 90, 95)
_CLOCKS: Final = "clocks"
# more skipped people than these do not fit a cell
_MOST_IN_CELL: Final = 3
# where the catalogue has the words of a code
_ROOMS: Final = (
    *("ledger.word", "ledger.state", "clock", "map.clock", "mark", "task", "role"),
    *("complaint_subject", "notice", "map.actor", "channel", "cause", "category", "map.category"),
    "notice_channel",
)
# fields whose codes mean something else in another room
_FIRST: Final = {"task": "task", "template": "notice"}
MIME: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def draw(frame: Frame) -> None:
    """Draw the ledger that is chosen."""
    say = frame.say
    try:
        told = frame.api.get("/ledgers", {"territory": frame.territory["id"]})
        names = _names(frame)
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    ledgers = {one["name"]: one for one in told["items"]}
    chosen = st.segmented_control(
        say("ledgers.title"),
        list(ledgers),
        default=next(iter(ledgers)),
        required=True,
        format_func=lambda name: ledgers[name]["label"],
        key="ledger",
        label_visibility="collapsed",
    )
    ledger = ledgers[chosen or next(iter(ledgers))]
    st.caption(ledger["about"])
    query = _filters(frame, ledger, names, told["now_at"])
    try:
        _list(frame, ledger, query, names)
    except (Refusal, Silence) as problem:
        st.error(str(problem))


def _names(frame: Frame) -> dict[str, str]:
    """Return the engineers' names by id; an engineer alone sees the own."""
    page = frame.api.get("/engineers", {"territory": frame.territory["id"], "limit": 200})
    return {one["id"]: one["name"] for one in page["items"]}


def _filters(
    frame: Frame, ledger: Mapping[str, Any], names: Mapping[str, str], now_at: int
) -> dict[str, Any]:
    say, labels = frame.say, {one["name"]: one["label"] for one in ledger["states"]}
    wide, people, text, span, order = st.columns([3, 2, 2, 1.4, 1.6], vertical_alignment="bottom")
    states = wide.multiselect(
        say("filter.status"),
        list(labels),
        key=f"ledger_states_{ledger['name']}",
        format_func=lambda name: labels.get(name, name),
        placeholder=say("filter.any"),
    )
    who = people.selectbox(
        say("col.engineer"),
        [None, *names],
        key="ledger_engineer",
        format_func=lambda one: names.get(one, one) if one else say("filter.any"),
    )
    word = text.text_input(
        f"{say('col.id')} / {ledger['subject']}", key="ledger_word", max_chars=80
    )
    days = span.selectbox(
        say("ledgers.span"),
        SPANS,
        index=1,
        key="ledger_span",
        format_func=lambda n: say("ledgers.days", n=n) if n else say("ledgers.all"),
    )
    sort = order.selectbox(
        say("filter.sort"),
        SORTS,
        key="ledger_sort",
        format_func=lambda one: say(f"ledgers.sort.{one}", amount=ledger["amount"]),
    )
    wanted = word.strip()
    # a ticket's name begins with the territory's
    is_ticket = wanted.startswith(f"{frame.territory['id']}-")
    # whole hours: the same question again finds the same pages
    since = (now_at // 3600 + 1) * 3600 - days * DAY_S if days else None
    return {
        "territory": frame.territory["id"],
        "state": states,
        "engineer": who,
        "ticket": wanted if is_ticket else None,
        "subject": wanted if wanted and not is_ticket else None,
        "from_at": since,
        "sort": sort,
    }


def _list(
    frame: Frame, ledger: Mapping[str, Any], query: Mapping[str, Any], names: Mapping[str, str]
) -> None:
    say, path = frame.say, f"/ledgers/{ledger['name']}"
    pages = Pages.of("ledger", (ledger["name"], query), PAGE_SIZE)
    page = frame.api.get(path, {**query, "limit": PAGE_SIZE, "cursor": pages.cursor})
    if page["behind"]:
        st.caption(say("ledgers.behind", count=page["behind"]))
    if not page["items"]:
        is_narrow = any(query[key] for key in ("state", "engineer", "ticket", "subject", "from_at"))
        st.info(say("ledgers.none") if is_narrow else say("ledgers.empty"))
        return
    _sums(frame, ledger, query)
    key = f"ledger_table_{ledger['name']}_{pages.cursor}"
    chosen = choose_row(table_rows(say, ledger, page["items"], names), key, ledger["label"])
    with st.container(horizontal=True, vertical_alignment="center"):
        pages.turn(say, page)
        _downloads(frame, ledger["name"], query)
    if chosen is not None:
        _facts(frame, ledger, page["items"][chosen], query["territory"])
    else:
        st.caption(say("ledgers.choose"))


def _sums(frame: Frame, ledger: Mapping[str, Any], query: Mapping[str, Any]) -> None:
    """Draw how many rows are in each state."""
    wanted = {k: v for k, v in query.items() if k not in {"sort", "ticket"}}
    if query["ticket"]:
        return
    sums = frame.api.get(f"/ledgers/{ledger['name']}/sums", {**wanted, "by": ["state"]})["items"]
    labels = {one["name"]: one["label"] for one in ledger["states"]}
    order = list(labels)
    sums.sort(key=lambda one: order.index(one["by"]["state"]))
    for column, one in zip(st.columns(max(len(sums), 4)), sums, strict=False):
        column.metric(labels[one["by"]["state"]], f"{one['count']:,}")
    if ledger["name"] == _CLOCKS and not query["state"] and not query["engineer"]:
        _use(frame, query)


def _use(frame: Frame, query: Mapping[str, Any]) -> None:
    """Draw how every clock was kept, also those whose runs the ledger does not follow."""
    say = frame.say
    try:
        span = {"territory": query["territory"], "from_at": query["from_at"]}
        told = frame.api.get("/ledgers/clocks/use", span)
    except Refusal:
        # an engineer sees the own rows alone
        return
    items = [one for one in told["items"] if query["subject"] in {None, one["clock"]}]
    if not items:
        return
    with st.expander(say("use.title"), expanded=True):
        st.dataframe(use_rows(say, items), hide_index=True, alt=say("use.title"))
        days = say("use.since", day=say.date(told["from_at"])) if told["from_at"] else ""
        st.caption(f"{say('use.about')} {days}")
        if told["behind"]:
            st.caption(say("ledgers.behind", count=told["behind"]))


def use_rows(say: Words, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row a clock: how many, the share kept, minutes used and of the promise, percent."""

    def told(value: int | None, of: int, text: str) -> str:
        return "–" if value is None else format(value / of, text)

    return [
        {
            say("clock.col"): say.word("clock", one["clock"]),
            say("use.kept"): "–" if one["kept"] is None else f"{one['kept']:.1%}",
            **{say(f"use.{name}"): one[name] for name in ("met", "breached", "open")},
            **{say("use.min", n=n): told(one["used_s"][f"p{n}"], 60, ",.1f") for n in PERCENTS},
            **{
                say("use.of", n=n): told(one["used_percent"][f"p{n}"], 100, ".0%") for n in PERCENTS
            },
        }
        for one in items
    ]


def table_rows(
    say: Words,
    ledger: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
) -> list[dict[str, str]]:
    """Return the rows as people read them: state first, then the ledger's own fields."""
    state = say("col.status")
    return [
        {
            state: item["state_label"],
            **{
                one["label"]: cell(
                    say, one["kind"], item["row"].get(one["name"]), names, _FIRST.get(one["name"])
                )
                for one in ledger["fields"]
                if one["name"] not in {"state", "day_kind"}
            },
        }
        for item in items
    ]


def cell(
    say: Words, kind: str, value: Any, names: Mapping[str, str], first: str | None = None
) -> str:
    """Return one value as text; `first` is the room of the catalogue where its code is looked up first."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, list):
        shown = [_skip(say, one, names) for one in value[:_MOST_IN_CELL]]
        return "; ".join(shown) + (" …" if len(value) > _MOST_IN_CELL else "") if shown else "–"
    how: dict[str, Callable[[Any], str]] = {
        "moment": say.moment,
        "seconds": lambda s: say.span(s) if s else "–",
        "cents": lambda c: f"{c / 100:,.2f}" if c else "–",
        "engineer": lambda one: names.get(one, one),
        "word": lambda one: names.get(one.removeprefix("engineer:")) or _word(say, one, first),
    }
    return how.get(kind, lambda one: _told(say, str(one), names))(value)


def _told(say: Words, text: str, names: Mapping[str, str]) -> str:
    """Return a text as it is, a person or a desk by its name."""
    known = names.get(text.removeprefix("engineer:"))
    return known or say.texts.get(f"map.actor.{text}") or text


def _word(say: Words, name: str, first: str | None = None) -> str:
    """Return the word of a code such as ``call_back/2`` or ``ticket_held:weather``."""
    rooms = (first, *_ROOMS) if first else _ROOMS
    for bare in (name.replace(":", "."), re.split("[/:]", name, maxsplit=1)[0]):
        for key in (f"{room}.{bare}" for room in rooms):
            if key in say.texts:
                return say.texts[key]
    return str(name).replace("_", " ")


def _skip(say: Words, one: Any, names: Mapping[str, str]) -> str:
    """Return somebody who was skipped, with the cause."""
    if isinstance(one, list) and len(one) == 3:
        return f"{names.get(one[0], one[0])}: {_word(say, one[2])}"
    return _word(say, one) if isinstance(one, str) else str(one)


def _downloads(frame: Frame, ledger: str, query: Mapping[str, Any]) -> None:
    for form, mime in MIME.items():
        st.download_button(
            form.upper(),
            data=_file(frame, ledger, query, form),
            file_name=f"{ledger}.{form}",
            mime=mime,
            key=f"ledger_{form}",
            on_click="ignore",
        )


def _file(frame: Frame, ledger: str, query: Mapping[str, Any], form: str) -> Callable[[], bytes]:
    """Return how to fetch the file; it is asked for only when somebody wants it."""
    return lambda: frame.api.fetch(f"/ledgers/{ledger}/export", {**query, "form": form})


def _facts(
    frame: Frame, ledger: Mapping[str, Any], item: Mapping[str, Any], territory: str
) -> None:
    """Draw the facts that made a row."""
    say = frame.say
    told = frame.api.get(
        f"/ledgers/{ledger['name']}/facts", {"territory": territory, "id": item["id"]}
    )
    with st.container(border=True):
        st.markdown(f"**{say('ledgers.facts')}** · `{item['id']}`")
        st.dataframe(
            [
                {
                    say("ledgers.at"): say.moment(one["at"]),
                    say("ledgers.fact"): one["text"],
                    say("ledgers.who"): one["actor_label"],
                    "#": str(one["seq"]),
                }
                for one in told["items"]
            ],
            hide_index=True,
            alt=say("ledgers.facts"),
        )
        if item.get("ticket") and st.button(say("ticket.map"), key="ledger_on_map"):
            st.session_state["live_wish"] = {"kind": "ticket", "id": item["ticket"]}
            st.switch_page("views/live.py")
