"""What an answer tells, when asked, of the text itself: repaired, as it was read, damage marked."""

from typing import Any, Protocol

from dedup.preparation import PreparedArticle

__all__ = ["ReadingOptions", "add_readings"]


class ReadingOptions(Protocol):
    """Which of them a client wants."""

    repaired: bool
    main_text: bool
    damage_marks: bool


def add_readings(
    answer: dict[str, Any], options: ReadingOptions, prepared: PreparedArticle
) -> None:
    """Add to an answer what the options ask for."""
    normalized, received = prepared.normalized, prepared.article.text
    if options.repaired:
        answer["repaired"] = normalized.repaired.text
    if options.main_text:
        answer["main_text"] = {
            "text": normalized.main_text(received),
            "stretches": [stretch._asdict() for stretch in normalized.stretches()],
        }
    if options.main_text and options.repaired:
        answer["main_text"]["repaired_stretches"] = [
            stretch._asdict() for stretch in normalized.repaired_stretches(received)
        ]
    if options.damage_marks:
        marks = normalized.damage_marks(received)
        answer["damage"]["marks"] = [mark._asdict() for mark in marks]
