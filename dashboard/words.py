"""
The dashboard's sentences, fetched from the API, and how figures and times are written.

Must not know pages. Only what must be said without an API stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Lang = Literal["en", "zh"]
LANGS: Final[tuple[Lang, ...]] = ("en", "zh")
SHAPES: Final = {4: "▲", 3: "◆", 2: "■", 1: "●"}

_WITHOUT_API: Final[Mapping[Lang, Mapping[str, str]]] = {
    "en": {
        "pages.silent.title": "The API does not answer",
        "pages.silent.todo": "The dashboard asked {url}. Start it with `dispatcher serve`, or set"
        " DISPATCHER_API_URL. This page tries again by itself.",
        "pages.silent.retry": "Try again",
    },
    "zh": {
        "pages.silent.title": "接口没有响应",
        "pages.silent.todo": "已请求 {url}。请运行 `dispatcher serve`，"
        "或设置 DISPATCHER_API_URL。本页会自动重试。",
        "pages.silent.retry": "重试",
    },
}


def choose_lang(wanted: str | None, locale: str | None) -> Lang:
    """Return the language wished for, else the browser's, else English."""
    for one in (wanted, locale):
        code = (one or "").lower()[:2]
        if code == "zh":
            return "zh"
        if code == "en":
            return "en"
    return "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One language: sentences by key, times in the territory's zone."""

    lang: Lang
    texts: Mapping[str, str]
    zone: str = "UTC"

    def __call__(self, key: str, /, **facts: object) -> str:
        """Return the sentence ``pages.key``; an unknown key shows itself."""
        full = f"pages.{key}"
        text = self.texts.get(full) or _WITHOUT_API[self.lang].get(full) or full
        try:
            return text.format_map(facts) if facts else text
        except (KeyError, ValueError, IndexError):
            return text

    @property
    def colon(self) -> str:
        """What stands between a heading and what it heads."""
        return "：" if self.lang == "zh" else ": "

    def word(self, kind: str, name: str | None) -> str:
        """Return a protocol's word (a status, a clock) as the map says it."""
        return self.texts.get(f"map.{kind}.{name}") or str(name or "").replace("_", " ")

    def actor(self, name: str) -> str:
        """Return who did something: a desk's word, or the person's own id."""
        return self.word("actor", name.removeprefix("engineer:"))

    def severity(self, number: int) -> str:
        """Return shape, short name and word of a severity: never the colour alone."""
        return f"{SHAPES[number]} P{5 - number} {self.word('severity', str(number))}"

    def local(self, at: int) -> datetime:
        """Return epoch seconds as the territory's clock shows them."""
        try:
            return datetime.fromtimestamp(at, ZoneInfo(self.zone))
        except (ZoneInfoNotFoundError, ValueError):
            return datetime.fromtimestamp(at, UTC)

    def hour(self, at: int | None) -> str:
        """Return HH:MM, or a dash."""
        return self.local(at).strftime("%H:%M") if at else "–"

    def moment(self, at: int | None) -> str:
        """Return day and time, short."""
        form = "%m月%d日 %H:%M" if self.lang == "zh" else "%d %b %H:%M"
        return self.local(at).strftime(form) if at else "–"

    def date(self, at: int | None) -> str:
        """Return the date of a moment with its year, or a dash."""
        return self.local(at).strftime("%Y-%m-%d") if at else "–"

    def weekday(self, at: int) -> str:
        """Return the date of a moment with its weekday."""
        return f"{self.date(at)} {self(f'weekday.{self.local(at).weekday()}')}"

    def span(self, seconds: float | None) -> str:
        """Return a span as hours and minutes."""
        if seconds is None:
            return "–"
        sign = "−" if seconds < 0 else ""
        minutes = round(abs(seconds) / 60)
        if minutes < 60:
            return f"{sign}{minutes} {self('unit.min')}"
        return f"{sign}{minutes // 60}:{minutes % 60:02d} {self('unit.h')}"


def plain(text: object) -> str:
    """Return a text that markdown leaves as it is."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-!|$:~" else c for c in str(text))
