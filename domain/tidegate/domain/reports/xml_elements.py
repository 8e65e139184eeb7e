"""Elements of an XML document, bounded, with everything that refers to something else forbidden.

A DTD is the root of all XML attacks on a parser (entities that multiply, entities that read files or fetch URLs), and no report has one: a
document type declaration ends parsing, before its first entity is declared.
"""

import re
from collections.abc import Iterator
from xml.parsers import expat  # nothing here resolves an entity

from tidegate.domain.reports.limits import MAX_FIELD_CHARS, MAX_XML_DEPTH, MAX_XML_ELEMENTS
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.text import clean

_STEP = 65_536
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._-]{1,40})")
# expat asks Python's registry for other names, and that has more in it than encodings of documents.
_ENCODINGS = (b"utf-8", b"utf8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-", b"iso8859-", b"latin1", b"windows-125", b"cp125")

_NONE: "list[Element]" = []  # shared by all elements without children; never written to


class Element:
    """An element: its name without namespace prefix, its text (cleaned, cut at MAX_FIELD_CHARS) and its child elements, without attributes.

    Written by hand: a large report has half a million of them.
    """

    __slots__ = ("children", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = ""
        self.children: list[Element] = _NONE

    def child(self, name: str) -> "Element | None":
        """Return the first child called ``name``."""
        for child in self.children:
            if child.name == name:
                return child
        return None

    def all(self, name: str) -> "Iterator[Element]":
        """Yield the children called ``name``."""
        return (child for child in self.children if child.name == name)

    def value(self, name: str) -> str | None:
        """Return the text of the first child called ``name``; None when there is none or it is empty."""
        child = self.child(name)
        return child.text or None if child is not None else None


def top_elements(data: bytes, root: str) -> Iterator[Element]:
    """Yield the children of the root element, each when it is complete, so that a large document is never held as a tree.

    Args:
        data: the document; white space before the XML declaration is forgiven.
        root: name the root element must have.

    Raises:
        Unreadable: not well-formed, another root, a document type declaration, or a bound is passed. Elements before the place were yielded.
    """
    builder = _Builder(root)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = _forbidden
    parser.EntityDeclHandler = _forbidden
    parser.UnparsedEntityDeclHandler = _forbidden
    parser.ExternalEntityRefHandler = _forbidden
    data = data.lstrip(b" \t\r\n")
    declared = _DECLARATION.match(data)
    if declared is not None and not declared[1].lower().startswith(_ENCODINGS):
        raise Unreadable("XML in an unusable encoding")
    try:
        for start in range(0, len(data), _STEP):
            parser.Parse(data[start : start + _STEP], False)
            yield from builder.take()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Unreadable(f"XML is not well-formed: line {error.lineno}, column {error.offset}") from error
    except (ValueError, LookupError) as error:  # names that are close to those
        raise Unreadable("XML in an unusable encoding") from error
    yield from builder.take()


def _forbidden(*_: object) -> int:
    raise Unreadable("XML has a document type declaration")


class _Builder:
    """Expat's callbacks: a stack of open elements."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._open: list[Element] = []
        self._done: list[Element] = []
        self._count = 0

    def take(self) -> list[Element]:
        done, self._done = self._done, []
        return done

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_XML_ELEMENTS:
            raise Unreadable(f"more than {MAX_XML_ELEMENTS} XML elements")
        if len(self._open) == MAX_XML_DEPTH:
            raise Unreadable(f"more than {MAX_XML_DEPTH} levels of XML elements")
        element = Element(name.rpartition(":")[2] if ":" in name else name)
        if not self._open:
            if element.name != self._root:
                raise Unreadable(f"XML is not a <{self._root}> document")
        elif len(self._open) > 1:
            parent = self._open[-1]
            if parent.children is _NONE:
                parent.children = [element]
            else:
                parent.children.append(element)
        self._open.append(element)

    def characters(self, text: str) -> None:
        element = self._open[-1]
        if len(element.text) < MAX_FIELD_CHARS:
            element.text += text

    def end(self, _name: str) -> None:
        element = self._open.pop()
        if element.text:
            # White space between child elements is no text.
            element.text = clean(element.text) if element.children is _NONE else ""
        if len(self._open) == 1:
            self._done.append(element)
