"""Text read in another encoding than it was written in, and escapes left in it."""

import codecs
import html
import re
from html.entities import codepoint2name
from random import Random
from urllib.parse import quote

from dedup import DamageKind, Verdict
from quality.kinds import GARBLED, Damaged, Recovery, Severity, Subject, kind, levels
from quality.pairs import decode_careless
from quality.pieces import is_han, join_paragraphs, split_paragraphs
from quality.script import convert

__all__ = ["misread", "read_bytes_as"]

_LATIN_HIGH = {
    code: bytes((code,)).decode("cp1252", "ignore") or chr(code) for code in range(0x80, 0x100)
}
_LOST_BYTES = {Severity.LIGHT: 0.0, Severity.USUAL: 0.002, Severity.HEAVY: 0.01}


def read_bytes_as(packed: bytes, encoding: str, *, lost: str = "?") -> str:
    """Return bytes as a tool reads them that believes in `encoding`.

    Args:
        packed: The bytes.
        encoding: A codec's name; cp1252 keeps its five holes, `gbk-careless` is GBK with
            0x80 as the euro sign, where a half character swallows the next byte.
        lost: What bytes that are no character become.
    """
    if encoding == "cp1252":
        return "".join(_LATIN_HIGH.get(byte, chr(byte)) for byte in packed)
    if encoding == "gbk-careless":
        return decode_careless(packed, dangling=lost, euro=True)
    return packed.decode(encoding, errors="replace").replace("\ufffd", lost)


def misread(text: str, written: str, read: str, *, lost: str = "?") -> str:
    """Return text that was written in one encoding and read in another.

    Characters that `written` has no bytes for become entities, as browsers send them.
    """
    return read_bytes_as(text.encode(written, "xmlcharrefreplace"), read, lost=lost)


def _in_parts(
    text: str, severity: Severity, rng: Random, written: str, read: str, lost: str
) -> Damaged | None:
    """Misread a third of the paragraphs (light), half of the time all, or all (heavy)."""
    paragraphs = split_paragraphs(text)
    whole = severity is Severity.HEAVY or (severity is Severity.USUAL and rng.random() < 0.5)
    wanted = range(len(paragraphs))
    hit = set(wanted if whole else rng.sample(wanted, max(1, len(paragraphs) // 3)))
    copy, base = [], []
    gone: int | None = 0
    for number, paragraph in enumerate(paragraphs):
        base.append(paragraph)
        if number not in hit:
            copy.append(paragraph)
            continue
        copy.append(misread(paragraph, written, read, lost=lost))
        lost_here = _unrecoverable(paragraph, written, read)
        gone = None if gone is None or lost_here is None else gone + lost_here
    clean = join_paragraphs(base)
    damaged = join_paragraphs(copy)
    return Damaged(damaged, clean, gone) if damaged != clean else None


def _unrecoverable(text: str, written: str, read: str) -> int | None:
    """Return how many characters have lost a byte; None if not known."""
    if read in {"latin-1", "cp1252"}:
        return 0
    if read == "gbk-careless":
        return None
    packed = [char.encode(written, "xmlcharrefreplace") for char in text]
    owners = [at for at, part in enumerate(packed) for _ in part]
    broken: set[int] = set()

    def note(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        broken.update(owners[error.start : error.end])
        return "", error.end

    codecs.register_error("note", note)
    b"".join(packed).decode(read, "note")
    return len(broken)


def _register(name: str, written: str, read: str, lost: str, recovery: Recovery) -> None:
    def make(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
        text = convert(subject.text, "s2t") if written == "big5" else subject.text
        return _in_parts(text, severity, rng, written, read, lost)

    make.__doc__ = f"{written} read as {read}, bytes that are no character left as {lost!r}."
    make.__module__ = __name__
    kind(name, levels(GARBLED), DamageKind.WRONG_ENCODING, recovery=recovery)(make)


for _name, _written, _read, _lost, _recovery in (
    ("utf8_as_gbk", "utf-8", "gbk", "\ufffd", Recovery.MARKED),
    ("utf8_as_cp936", "utf-8", "gbk-careless", "?", Recovery.MARKED),
    ("utf8_as_gb18030", "utf-8", "gb18030", "\ufffd", Recovery.MARKED),
    ("utf8_as_latin1", "utf-8", "latin-1", "?", Recovery.IDENTICAL),
    ("utf8_as_cp1252", "utf-8", "cp1252", "?", Recovery.IDENTICAL),
    ("gbk_as_latin1", "gb18030", "latin-1", "?", Recovery.IDENTICAL),
    ("gbk_as_cp1252", "gb18030", "cp1252", "?", Recovery.IDENTICAL),
    ("big5_as_latin1", "big5", "latin-1", "?", Recovery.IDENTICAL),
    ("big5_as_cp1252", "big5", "cp1252", "?", Recovery.IDENTICAL),
    ("big5_as_gbk", "big5", "gbk", "\ufffd", Recovery.MARKED),
    ("gbk_as_big5", "gb18030", "big5", "\ufffd", Recovery.MARKED),
):
    _register(_name, _written, _read, _lost, _recovery)


@kind("utf8_as_gbk_twice", levels(GARBLED), DamageKind.WRONG_ENCODING, recovery=Recovery.MARKED)
def utf8_as_gbk_twice(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """UTF-8 read as GBK, saved as UTF-8 and read as GBK again."""
    first = _in_parts(subject.text, severity, rng, "utf-8", "gb18030", "?")
    if first is None:
        return None
    return Damaged(misread(first.text, "utf-8", "gb18030"), first.undamaged, None)


@kind("utf8_as_gbk_lossy", levels(GARBLED), DamageKind.WRONG_ENCODING, recovery=Recovery.MARKED)
def utf8_as_gbk_lossy(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """UTF-8 read as GBK, and some characters of that replaced or dropped later."""
    copy = _in_parts(subject.text, severity, rng, "utf-8", "gbk", "?")
    if copy is None:
        return None
    share = _LOST_BYTES[severity] or 0.001
    mark = rng.choice(("?", "\ufffd", ""))
    text = "".join(mark if is_han(c) and rng.random() < share else c for c in copy.text)
    return Damaged(text, copy.undamaged, None)


def _hopeless(subject: Subject, *, resaved: bool) -> Damaged:
    """Return GBK read as UTF-8: next to nothing survives, and is not to be guessed."""
    copy = subject.text.encode("gb18030").decode("utf-8", "replace")
    if resaved:
        copy = copy.encode("utf-8").decode("gb18030", "replace")
    return Damaged(copy, unrecoverable=sum(map(is_han, subject.text)))


@kind("gbk_as_utf8", {Severity.USUAL: frozenset(Verdict)}, DamageKind.LOST_CHARACTERS)
def gbk_as_utf8(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """GBK read as UTF-8: U+FFFD nearly everywhere."""
    del severity, rng
    return _hopeless(subject, resaved=False)


@kind("kunjin_whole", {Severity.USUAL: frozenset(Verdict)}, DamageKind.LOST_CHARACTERS)
def kunjin_whole(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """The same saved as UTF-8 and read as GBK: `锟斤拷`."""
    del severity, rng
    return _hopeless(subject, resaved=True)


_NAMED = {
    char: f"&{codepoint2name[ord(char)]};" for char in "“”‘’—…·" if ord(char) in codepoint2name
}
_ESCAPED = {Severity.LIGHT: 0.05, Severity.USUAL: 0.4, Severity.HEAVY: 1.0}


def _escaped(subject: Subject, severity: Severity, rng: Random, form: str) -> Damaged | None:
    share = _ESCAPED[severity]
    pieces = [
        _escape(char, form) if char > "\x80" and rng.random() < share else char
        for char in subject.text
    ]
    damaged = "".join(pieces)
    return Damaged(damaged, subject.text) if damaged != subject.text else None


def _escape(char: str, form: str) -> str:
    match form:
        case "decimal":
            return f"&#{ord(char)};"
        case "hexadecimal":
            return f"&#x{ord(char):x};"
        case "named":
            return _NAMED.get(char, f"&#{ord(char)};")
        case "double":
            return html.escape(_NAMED.get(char, f"&#{ord(char)};"))
        case "unicode":
            packed = char.encode("utf-16-be").hex()
            return "".join(f"\\u{unit}" for unit in re.findall("....", packed))
        case _:
            return quote(char)


for _form in ("decimal", "hexadecimal", "named", "double", "unicode", "percent"):

    def _make(
        subject: Subject, severity: Severity, rng: Random, form: str = _form
    ) -> Damaged | None:
        return _escaped(subject, severity, rng, form)

    _make.__doc__ = f"Characters as {_form} escapes."
    kind(
        f"escapes_{_form}",
        levels(GARBLED),
        DamageKind.ESCAPED_TEXT,
        recovery=Recovery.IDENTICAL,
    )(_make)
