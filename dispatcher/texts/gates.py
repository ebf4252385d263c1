"""What a gate waits for, in words: what is missing, its clause, and the ways to bring it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dispatcher.texts import Lang, catalogue, clause_words, say


def label(kind: str, name: str, lang: Lang) -> str:
    """Return the words for a name of a list; a name without words stands for itself."""
    return catalogue(lang).get(f"{kind}.{name}", name.replace("_", " "))


def lack_words(condition: str, clause: str, items: Sequence[str], lang: Lang) -> str:
    """Return what is missing, with its clause."""
    what = label("condition", condition, lang)
    if items:
        named = say("gate.and", lang).join(label("item", one, lang) for one in items)
        what = say("gate.items", lang, what=what, items=named)
    return say("gate.lack", lang, what=what, clause=clause_words(clause, lang))


def way_words(condition: str, except_by: Iterable[str], except_with: str, lang: Lang) -> str:
    """Return how it can be brought, and who may let it pass."""
    how = say(f"condition.{condition}.how", lang)
    roles = say("gate.or", lang).join(label("role", one, lang) for one in except_by)
    if not roles:
        return how
    return say(f"gate.except_{except_with}", lang, how=how, roles=roles)
