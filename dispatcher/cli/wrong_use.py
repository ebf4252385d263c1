"""
Wrong use of a command as one sentence in the terminal's language: the option, the value, what to do.

Must not parse arguments; the library does, and this reads its errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from dispatcher.cli.speech import LANG, tell
from dispatcher.errors import BadField

if TYPE_CHECKING:
    # typer brings its own click
    from typer._click.exceptions import UsageError

# what the library calls a fault, and what the value must be
_RULES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "greater_than_equal": lambda facts: f"must be at least {facts['ge']:g}",
    "less_than_equal": lambda facts: f"must be at most {facts['le']:g}",
    "int_parsing": lambda _: "must be a whole number",
    "int_from_float": lambda _: "must be a whole number",
    "float_parsing": lambda _: "must be a number",
    "bool_parsing": lambda _: "must be yes or no",
}
# the library's exception or the beginning of its sentence, and ours
_KINDS = (
    ("MissingParameter", "cli.missing"),
    ("NoSuchOption", "cli.no_option"),
    ("BadOptionUsage", "cli.no_value"),
    ("No such command", "cli.no_command"),
    ("Got unexpected extra argument", "cli.too_many"),
)
_ONE_OF = " is not one of "


def wrong_use(error: UsageError) -> str:
    """Return what is wrong with the arguments and where to look."""
    command = error.ctx.command_path if error.ctx else "dispatcher"
    between = " " if LANG == "en" else ""
    return between.join([_told(error), tell("cli.see_help", command=command)])


def _told(error: UsageError) -> str:
    param: Any = getattr(error, "param", None)
    faults: Any = getattr(error.__cause__ or error.__context__, "errors", None)
    if param is not None and faults is not None:
        fault = faults()[0]
        return BadField(field=_name(param), value=fault["input"], rule=_rule(fault)).message(LANG)
    facts = {
        "name": _name(param) if param is not None else "",
        "option": getattr(error, "option_name", ""),
        "command": (error.message.split("'") * 2)[1],
        "names": error.message.rpartition("(")[2].rstrip(").") or "",
    }
    for sign, key in _KINDS:
        if sign == type(error).__name__ or error.message.startswith(sign):
            return tell(key, **facts)
    return error.format_message()


def _name(param: Any) -> str:
    """Return the option as it is written, or the name of the argument."""
    longest: str = max(param.opts, key=len)
    return longest


def _rule(fault: dict[str, Any]) -> str:
    """Return what a value must be."""
    facts, message = fault.get("ctx", {}), str(fault["msg"])
    if fault["type"] in _RULES:
        return _RULES[fault["type"]](facts)
    if _ONE_OF in message:
        choices = message.rpartition(_ONE_OF)[2].rstrip(".").replace("'", "")
        return f"must be of {choices}"
    return message
