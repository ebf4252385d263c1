"""
A message in words: the template of a task in a language, filled with facts that name nobody.

Must not know where it goes; channels do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from dispatcher.texts import Lang, say

# the audience of a template that goes to whoever has the task
OWNER: Final = "owner"
# templates and whom they are written to; adding one is a row and its texts ``notice.NAME.subject``
# and ``notice.NAME.body`` in both languages
TEMPLATES: Final[dict[str, str]] = {
    "appointment": "customer",
    "change": "customer",
    "late": "customer",
    "weather_hold": "customer",
    "force_majeure": "customer",
    # R74: whoever answers for the complaint
    "complaint": OWNER,
    "survey": "customer",
    # the role that a task went to besides
    "escalation": OWNER,
    "test": "operations",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message on its way."""

    # the same for every try and every process, so that a receiver can tell a repeated one
    id: str
    template: str
    # customer, or a role
    audience: str
    ticket: str
    lang: Lang
    subject: str
    body: str = field(repr=False)
    # whom to call, for channels that write to a number; never logged
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


def compose(
    template: str,
    *,
    id: str,  # noqa: A002 — the name that channels and templates use
    ticket: str,
    lang: Lang,
    phone: str = "",
    email: str = "",
    owner: str = "",
    **facts: object,
) -> Message:
    """Return a template in words; facts it does not name are left out; `owner` has the task."""
    told = {"ticket": ticket, **facts}
    audience = TEMPLATES.get(template, "customer")
    return Message(
        id=id,
        template=template,
        audience=owner if audience == OWNER and owner else audience,
        ticket=ticket,
        lang=lang,
        subject=say(f"notice.{template}.subject", lang, **told),
        body=say(f"notice.{template}.body", lang, **told),
        phone=phone,
        email=email,
    )
