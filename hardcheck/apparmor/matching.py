"""Match one text against one pattern of a rule: labels, names, addresses, mount points."""

from __future__ import annotations

from functools import lru_cache

from hardcheck.apparmor.automaton import Automaton, State
from hardcheck.apparmor.globs import ANY_BYTE, Element, Many, OneOf, encode_text, parse_glob


class Matcher:
    """Some patterns as one: `matches` says whether any of them matches the whole text."""

    def __init__(self, elements: tuple[tuple[Element, ...], ...]) -> None:
        literal = [bytes(e for e in form if isinstance(e, int)) for form in elements]
        self._literal = frozenset(
            text for text, form in zip(literal, elements, strict=True) if len(text) == len(form)
        )
        self._automaton: Automaton | None = None
        if len(self._literal) < len(set(elements)):
            self._automaton = Automaton()
            for form in elements:
                self._automaton.add(form, 0)

    def matches(self, data: bytes) -> bool:
        """Whether one of the patterns matches all of ``data``."""
        if data in self._literal:
            return True
        return self._automaton is not None and bool(self._automaton.match(data).accepted)

    def matches_text(self, text: str) -> bool:
        """As `matches`, for text."""
        return self.matches(encode_text(text))

    @property
    def start(self) -> State:
        """The first state, for walks."""
        if self._automaton is None:
            self._automaton = Automaton()
            for text in self._literal:
                self._automaton.add(tuple(text), 0)
        return self._automaton.start


@lru_cache(maxsize=1 << 15)
def matcher_for(forms: tuple[str, ...]) -> Matcher:
    """Return the matcher of pattern texts without variables.

    Raises:
        GlobFault: one of them has no meaning.
    """
    return Matcher(tuple(parse_glob(form).elements for form in forms))


# What a link rule without a target links to: any absolute path but the root.
ANY_TARGET = Matcher(((0x2F, OneOf(ANY_BYTE & ~(1 << 0x2F)), Many(ANY_BYTE)),))
