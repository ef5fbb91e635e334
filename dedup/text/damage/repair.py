"""Undoing damage: from a text as received to the text as it was written.

`CATALOGUE` is the whole story. It lists the repairs in order; each names the
damage that it undoes, a function that finds the damage and one that turns what
was found into edits, and each sees the text that the one before it left. What
the functions know of encodings and readings is in their modules.

Finders look closely and cost accordingly. So one look at the whole text, a nanosecond
or two a character (`dedup.text.damage.suspicion`), says which triggers are in it, and an entry
whose triggers are not is passed over. A text with no trigger of any entry, as most clean
ones are, comes back at once. Where an entry has a closer look of its own (`could_find`), that
is asked next: a kernel that costs a tenth of the finder and drops most texts that are sound.

A text is repaired only if some damage in it goes beyond the isolated marks that
clean text has too (`ISOLATED_MARKS`), and then by all repairs. Repairing uncovers
damage, so the catalogue is gone through until nothing changes; and a text that
does not settle is not touched at all. Repairing is therefore idempotent.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial, reduce
from operator import or_
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.models import Damage, DamageKind, Edit, RepairedText, Step
from dedup.text.code_points import code_points
from dedup.text.damage.annotated_losses import find_annotated_losses, name_annotated
from dedup.text.damage.annotations import find_annotations, most_isolated
from dedup.text.damage.bare_escapes import find_bare_escapes, unescape_bare
from dedup.text.damage.boilerplate import find_boilerplate
from dedup.text.damage.byte_escapes import decode_bytes, find_byte_escapes
from dedup.text.damage.doubled_punctuation import find_doubled, keep_one_sign
from dedup.text.damage.escapes import find_escapes, unescape_entities
from dedup.text.damage.gbk_shift import could_be_shifted, find_shifts, unshift_gbk
from dedup.text.damage.invisible import find_invisible, remove_invisible
from dedup.text.damage.jammers import could_be_jammed, find_jammers
from dedup.text.damage.lookalikes import (
    could_have_lookalikes,
    find_lookalikes,
    replace_lookalikes,
)
from dedup.text.damage.lost import (
    find_debris,
    find_lost,
    find_residue,
    mark_debris,
    mark_lost,
    mark_residue,
)
from dedup.text.damage.misread_signs import find_misread_signs, read_signs_anew
from dedup.text.damage.repeats import find_repeats
from dedup.text.damage.script import count_traditional
from dedup.text.damage.spacing import find_spacing
from dedup.text.damage.split_annotations import find_split_annotations, rejoin_split_characters
from dedup.text.damage.stuffing import find_headers, find_stuffing
from dedup.text.damage.suspicion import look_for_damage
from dedup.text.damage.title_chunks import could_have_chunks_of, find_chunks_of, find_title_chunks
from dedup.text.damage.title_pieces import could_have_title_chunks
from dedup.text.damage.triggers import Trigger
from dedup.text.damage.unsigned_shifts import find_unsigned_shifts, unshift_unsigned
from dedup.text.damage.wrong_encoding import find_misread, is_implausible, read_anew
from dedup.text.marks import LOST, Mark, Removals, num_marked, remove_marked

__all__ = ["CATALOGUE", "ISOLATED_MARKS", "RULES_VERSION", "Repair", "origins", "repair", "replay"]


RULES_VERSION = 6
"""Part of the scheme: raised when a change of the rules changes what any text becomes."""


class Repair(NamedTuple):
    """One entry of the catalogue.

    Attributes:
        name: What it does, as a verb phrase; the name of its steps.
        kind: The damage that it undoes.
        find: Returns where the damage is, ascending and disjoint; changes nothing.
        edit: Returns the edits that undo the damage at these marks.
        triggers: Any of these calls `find`; a text without them has no such damage.
        could_find: Tells by a closer look at the code points, in a kernel, whether `find`
            could mark anything: most texts that have the triggers have no such damage either.
            Always, if there is none.
        isolated: Returns the most of these marks that are no damage yet, where that depends
            on what is marked; else `ISOLATED_MARKS` tells.
    """

    name: str
    kind: DamageKind
    find: Callable[[str], Sequence[Mark]]
    edit: Callable[[str, Any], Sequence[Edit]]
    triggers: Trigger
    could_find: Callable[[NDArray[np.uint32]], bool] | None = None
    isolated: Callable[[str, Sequence[Mark]], int] | None = None


# The order matters. Entities come first, since they may stand for any character
# that the others look for, invisible ones too. Split annotations and shifts come
# before whole annotations are stripped, since a reading says which character a
# lost byte belongs to. Wrong encodings come before all that judge by characters,
# soft hyphens and control characters being bytes as well; what 锟斤拷 and stray
# letters say must be settled first, or they would be read as text. Other marks of
# loss wait until shifts and annotations have taken the `?` that are theirs.
CATALOGUE: tuple[Repair, ...] = (
    Repair(
        "unescape_entities",
        DamageKind.ESCAPED_TEXT,
        find_escapes,
        unescape_entities,
        Trigger.ENTITY | Trigger.BACKSLASH_ESCAPE | Trigger.PERCENT_ESCAPE,
    ),
    Repair(
        "unescape_bare",
        DamageKind.ESCAPED_TEXT,
        find_bare_escapes,
        unescape_bare,
        Trigger.ENTITY | Trigger.BACKSLASH_ESCAPE,
    ),
    Repair(
        "decode_byte_escapes",
        DamageKind.ESCAPED_TEXT,
        find_byte_escapes,
        decode_bytes,
        Trigger.PERCENT_ESCAPE | Trigger.BACKSLASH_ESCAPE,
    ),
    Repair(
        "mark_residue",
        DamageKind.LOST_CHARACTERS,
        find_residue,
        mark_residue,
        Trigger.REPLACEMENT,
    ),
    Repair(
        "mark_debris",
        DamageKind.WRONG_ENCODING,
        find_debris,
        mark_debris,
        Trigger.REPLACEMENT,
    ),
    Repair(
        "read_anew",
        DamageKind.WRONG_ENCODING,
        find_misread,
        read_anew,
        Trigger.REPLACEMENT
        | Trigger.MOJIBAKE
        | Trigger.MOJIBAKE_SIGN
        | Trigger.LATIN
        | Trigger.OTHER_ALPHABET
        | Trigger.CONTROL
        | Trigger.INVISIBLE
        | Trigger.KANA
        | Trigger.PRIVATE_USE
        | Trigger.RARE_HAN,
        is_implausible,
    ),
    Repair(
        "read_signs_anew",
        DamageKind.WRONG_ENCODING,
        find_misread_signs,
        read_signs_anew,
        Trigger.LATIN | Trigger.MOJIBAKE_SIGN,
    ),
    Repair(
        "remove_invisible",
        DamageKind.INVISIBLE_CHARACTERS,
        find_invisible,
        remove_invisible,
        Trigger.INVISIBLE | Trigger.CONTROL,
    ),
    Repair(
        "close_spaces",
        DamageKind.SPACED_CHARACTERS,
        find_spacing,
        remove_marked,
        Trigger.SPACED,
    ),
    Repair(
        "replace_lookalikes",
        DamageKind.LOOKALIKE_CHARACTERS,
        find_lookalikes,
        replace_lookalikes,
        Trigger.COMPATIBILITY | Trigger.ENCLOSED | Trigger.FANCY_LETTER,
        could_have_lookalikes,
    ),
    Repair(
        "rejoin_split_characters",
        DamageKind.PINYIN_ANNOTATION,
        find_split_annotations,
        rejoin_split_characters,
        Trigger.SPLIT_READING | Trigger.READING,
    ),
    Repair(
        "unshift_unsigned",
        DamageKind.GBK_SHIFT,
        find_unsigned_shifts,
        unshift_unsigned,
        Trigger.RARE_HAN | Trigger.PRIVATE_USE,
    ),
    Repair(
        "unshift_gbk",
        DamageKind.GBK_SHIFT,
        find_shifts,
        unshift_gbk,
        Trigger.FALSE_SIGN,
        could_be_shifted,
    ),
    Repair(
        "name_annotated",
        DamageKind.LOST_CHARACTERS,
        find_annotated_losses,
        name_annotated,
        Trigger.REPLACEMENT,
    ),
    Repair(
        "strip_annotations",
        DamageKind.PINYIN_ANNOTATION,
        find_annotations,
        remove_marked,
        Trigger.READING,
        isolated=most_isolated,
    ),
    Repair(
        "mark_lost",
        DamageKind.LOST_CHARACTERS,
        find_lost,
        mark_lost,
        Trigger.REPLACEMENT | Trigger.QUESTION | Trigger.BOX,
    ),
    Repair(
        "keep_one_sign",
        DamageKind.DOUBLED_PUNCTUATION,
        find_doubled,
        keep_one_sign,
        Trigger.DOUBLED_SIGN,
    ),
    Repair(
        "remove_jammers",
        DamageKind.JAMMER,
        find_jammers,
        remove_marked,
        Trigger.TAG | Trigger.UNDERSCORE | Trigger.NOISE | Trigger.LONG_ASCII | Trigger.EMOJI,
        could_be_jammed,
    ),
    Repair(
        "remove_stuffing",
        DamageKind.KEYWORD_STUFFING,
        find_stuffing,
        remove_marked,
        Trigger.LIST,
    ),
    Repair(
        "remove_headers",
        DamageKind.KEYWORD_STUFFING,
        find_headers,
        remove_marked,
        Trigger.OBSCENE,
    ),
    Repair(
        "keep_one_body",
        DamageKind.REPEATED_BODY,
        find_repeats,
        remove_marked,
        Trigger.REPEATED,
    ),
    Repair(
        "remove_title_chunks",
        DamageKind.TITLE_CHUNKS,
        find_title_chunks,
        remove_marked,
        Trigger.TITLE,
        could_have_title_chunks,
    ),
)

# As plain numbers: an operation on flags takes a good part of a microsecond.
_TRIGGERS = tuple(int(entry.triggers) for entry in CATALOGUE)
_ANY_TRIGGER = reduce(or_, _TRIGGERS)
_CALLS_FOR_TITLE = int(Trigger.TITLE)
_CALLS_FOR_BOILERPLATE = int(Trigger.BOILERPLATE)
_CALLS_FOR_SCRIPT = int(Trigger.TRADITIONAL)

# The most marks of a kind that are no damage yet. A lesson or a dictionary entry
# quotes a few readings, an editor leaves a few invisible characters or entities;
# a shifted stretch or a stuffed list never comes about by itself.
ISOLATED_MARKS: dict[DamageKind, int] = {
    DamageKind.PINYIN_ANNOTATION: 4,
    DamageKind.GBK_SHIFT: 0,
    DamageKind.WRONG_ENCODING: 0,
    DamageKind.ESCAPED_TEXT: 3,
    DamageKind.LOST_CHARACTERS: 3,
    DamageKind.INVISIBLE_CHARACTERS: 4,
    DamageKind.SPACED_CHARACTERS: 12,
    DamageKind.LOOKALIKE_CHARACTERS: 3,
    DamageKind.DOUBLED_PUNCTUATION: 3,
    DamageKind.JAMMER: 2,
    DamageKind.KEYWORD_STUFFING: 0,
    DamageKind.REPEATED_BODY: 0,
    DamageKind.TITLE_CHUNKS: 0,
}

# Of these, isolated marks stay also where something else is damaged: they are natural, and
# hide little. A reading or an invisible character more is part of the damage.
_LEFT_IF_ISOLATED = (DamageKind.DOUBLED_PUNCTUATION, DamageKind.JAMMER)

_MOST_ROUNDS = 3  # damaged articles take two at most; what takes more was made to
_NO_DAMAGE = Damage()


# What each repair found last, and in which text: most of the second pass goes over the text
# that the first one left, and finds nothing that it has not found.
_Known = dict[str, tuple[str, Sequence[Mark]]]


class _Round(NamedTuple):
    """What one pass through the catalogue found and did, and what it left."""

    text: str
    codes: NDArray[np.uint32]
    triggers: int
    steps: list[Step]
    kinds: dict[DamageKind, int]
    limits: dict[DamageKind, int]

    @property
    def damaged(self) -> bool:
        return any(
            count > self.limits.get(kind, ISOLATED_MARKS[kind])
            for kind, count in self.kinds.items()
        )

    @property
    def goes_on(self) -> bool:
        """Whether another pass may find what this one uncovered."""
        return bool(self.steps) and self.damaged


def repair(
    text: str, codes: NDArray[np.uint32] | None = None, *, title: str | None = None
) -> RepairedText:
    """Return `text` with its damage undone; undamaged text comes back identical.

    Any string is fine, and the time is linear in its length.

    Args:
        text: The text as received.
        codes: Its code points, if they are at hand; they are read, not changed.
        title: Its title, where that is not its first line: pieces of it may be in the text.
    """
    if codes is None:
        codes = code_points(text)
    triggers = look_for_damage(codes)
    # What is said of what is no damage is said of the repaired text: misread bytes have any script.
    repaired, codes, triggers = _undo_damage(text, codes, triggers, title)
    boilerplate: tuple[Mark, ...] = ()
    others: dict[DamageKind, int] = {}
    if triggers & _CALLS_FOR_BOILERPLATE:
        boilerplate = tuple(find_boilerplate(repaired.text, codes))
        others[DamageKind.BOILERPLATE] = len(boilerplate)
    if triggers & _CALLS_FOR_SCRIPT:
        others[DamageKind.TRADITIONAL_SCRIPT] = count_traditional(codes)
    return _reporting(repaired, boilerplate, others) if any(others.values()) else repaired


def _reporting(
    repaired: RepairedText, boilerplate: tuple[Mark, ...], others: dict[DamageKind, int]
) -> RepairedText:
    """Return a result that tells of what is no damage, too."""
    damage = repaired.damage
    kinds = {**damage.kinds, **{kind: count for kind, count in others.items() if count}}
    damage = Damage(damage.damaged, damage.score, kinds)
    return RepairedText(repaired.text, damage, repaired.steps, boilerplate)


_Undone = tuple[RepairedText, NDArray[np.uint32], int]


def _undo_damage(text: str, codes: NDArray[np.uint32], triggers: int, title: str | None) -> _Undone:
    """Return `text` after the catalogue, its code points and triggers; boilerplate is untouched."""
    if not triggers & _ANY_TRIGGER and not (title and could_have_chunks_of(title, codes)):
        return RepairedText(text, _NO_DAMAGE), codes, triggers
    known: _Known = {}
    current = _go_through_catalogue(text, codes, triggers, known, title)
    if not current.kinds:
        return RepairedText(text, _NO_DAMAGE), codes, triggers
    if not current.goes_on:
        score = _share_touched(text, ()) if current.damaged else 0.0
        return RepairedText(text, Damage(current.damaged, score, current.kinds)), codes, triggers
    rounds: list[_Round] = []
    while current.goes_on and len(rounds) < _MOST_ROUNDS:
        rounds.append(current)
        current = _go_through_catalogue(current.text, current.codes, current.triggers, known, title)
    steps = tuple(step for done in rounds for step in done.steps)
    damage = Damage(
        damaged=True,
        score=_share_touched(text, steps),
        kinds=_count_kinds(rounds),
    )
    if current.goes_on:
        # It did not settle. Half a repair would be repaired differently next time.
        return RepairedText(text, damage), codes, triggers
    last = rounds[-1]
    return RepairedText(last.text, damage, steps), last.codes, last.triggers


def _count_kinds(rounds: Sequence[_Round]) -> dict[DamageKind, int]:
    """Return how many marks of each kind were found, and how many characters stay lost."""
    kinds = Counter[DamageKind]()
    for done in rounds:
        kinds.update(done.kinds)
    for kind in _LEFT_IF_ISOLATED:
        # What is left is found again in every round.
        kinds[kind] = max(done.kinds.get(kind, 0) for done in rounds)
    # Every mark of loss is one U+FFFD in the end, and each round meets them all again.
    kinds[DamageKind.LOST_CHARACTERS] = rounds[-1].text.count(LOST)
    # Adding an empty counter drops what is not above zero.
    return dict(kinds + Counter[DamageKind]())


def replay(text: str, steps: Sequence[Step]) -> str:
    """Return `text` after `steps`: `replay(text, repair(text).steps) == repair(text).text`."""
    for step in steps:
        text, _ = _apply(text, code_points(text), step.edits)
    return text


def origins(length: int, steps: Sequence[Step]) -> NDArray[np.int32]:
    """Return where each character of a repaired text was in the text as received.

    Args:
        length: Code points of the text as received.
        steps: The repairs that were applied to it.

    Returns:
        Offsets into the text as received, never decreasing, one for each character
        and `length` for the end; int32, shape (length of repaired text + 1,). The
        characters of a replacement are spread over what they replace.
    """
    offsets = np.arange(length + 1, dtype=np.int32)
    for step in steps:
        offsets = offsets[_sources(len(offsets) - 1, step.edits)]
    return offsets


def _go_through_catalogue(
    text: str, codes: NDArray[np.uint32], triggers: int, known: _Known, title: str | None
) -> _Round:
    """Apply every repair that is called for once, in order, whether or not it is worth it."""
    steps: list[Step] = []
    kinds: dict[DamageKind, int] = {}
    limits: dict[DamageKind, int] = {}
    for_title = _CALLS_FOR_TITLE if title else 0
    for entry, called_by in zip(CATALOGUE, _TRIGGERS, strict=True):
        if not (triggers | for_title) & called_by:
            continue
        find = entry.find
        if title and called_by == _CALLS_FOR_TITLE:
            find = partial(find_chunks_of, title, codes=codes)
        elif entry.could_find and not entry.could_find(codes):
            continue
        if entry.name not in known or known[entry.name][0] is not text:
            known[entry.name] = text, find(text)
        marks = known[entry.name][1]
        if not marks or (entry.edit is remove_marked and _nothing_left(text, codes, marks)):
            continue
        kinds[entry.kind] = kinds.get(entry.kind, 0) + len(marks)
        if entry.isolated:
            limits[entry.kind] = entry.isolated(text, marks)
        is_left = entry.kind in _LEFT_IF_ISOLATED and len(marks) <= ISOLATED_MARKS[entry.kind]
        edits = () if is_left else entry.edit(text, marks)
        if edits:
            edits = edits if isinstance(edits, Removals) else tuple(edits)
            steps.append(Step(entry.name, entry.kind, edits))
            text, codes = _apply(text, codes, edits)
            triggers = look_for_damage(codes)
    return _Round(text, codes, triggers, steps, kinds, limits)


_MOST_REMOVED = 0.9  # of a text, unless some letters are left
_FEWEST_LEFT = 10


def _nothing_left(text: str, codes: NDArray[np.uint32], marks: Sequence[Mark]) -> bool:
    """Whether hardly a letter of a text would be left without what is marked.

    Then it is no text with something dropped in, whatever it is.
    """
    if num_marked(marks) < _MOST_REMOVED * len(text):
        return False
    left = sum(map(str.isalnum, _apply(text, codes, remove_marked(text, marks))[0]))
    num_letters = sum(map(str.isalnum, text))
    return left < min(_FEWEST_LEFT, (1 - _MOST_REMOVED) * num_letters)


def _apply(
    text: str, codes: NDArray[np.uint32], edits: Sequence[Edit]
) -> tuple[str, NDArray[np.uint32]]:
    """Return `text` with ascending, disjoint edits made, and its code points."""
    if isinstance(edits, Removals):
        data = codes[_kept(codes.size, edits.bounds)].tobytes()
        return data.decode("utf-32-le", "surrogatepass"), np.frombuffer(data, np.uint32)
    pieces: list[str] = []
    done = 0
    for start, end, replacement in edits:
        pieces += (text[done:start], replacement)
        done = end
    pieces.append(text[done:])
    text = "".join(pieces)
    return text, code_points(text)


@kernel
def _kept(length: int, bounds: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the offsets below `length` that are in none of some ascending, disjoint stretches."""
    offsets = np.empty(length, np.int32)
    count = at = 0
    for stretch in range(bounds.shape[0] + 1):
        start = bounds[stretch, 0] if stretch < bounds.shape[0] else length
        while at < start:
            offsets[count] = at
            count += 1
            at += 1
        if stretch < bounds.shape[0]:
            at = bounds[stretch, 1]
    return offsets[:count]


def _sources(length: int, edits: Sequence[Edit]) -> NDArray[np.int32]:
    """Return where each character after `edits`, and the end, was in the text before them."""
    if isinstance(edits, Removals):
        return np.append(_kept(length, edits.bounds), np.int32(length))
    sizes = [(start, end, len(replacement)) for start, end, replacement in edits]
    starts, ends, lengths = np.array([*sizes, (length + 1, length + 1, 0)]).T
    # By turns: what stays in front of an edit, and what the edit puts there.
    begins = np.column_stack((np.append(0, ends[:-1]), starts)).ravel()
    counts = np.column_stack((starts - begins[::2], lengths)).ravel()
    spans = np.column_stack((counts[::2], ends - starts)).ravel()
    steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    shares = steps * np.repeat(spans, counts) // np.repeat(np.maximum(counts, 1), counts)
    sources: NDArray[np.int32] = (np.repeat(begins, counts) + shares).astype(np.int32)
    return sources


def _share_touched(text: str, steps: Sequence[Step]) -> float:
    """Return the share of `text` that was lost before, or that steps replaced; at most 1."""
    touched = text.count(LOST)
    for step in steps:
        if isinstance(step.edits, Removals):
            touched += num_marked(step.edits)
        else:
            touched += sum(max(edit.end - edit.start, 1) for edit in step.edits)
    return min(1.0, touched / max(len(text), 1))
