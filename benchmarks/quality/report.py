"""The tables of the quality benchmark, for the terminal; `<` is below target."""

from collections.abc import Sequence
from typing import Any

from quality.judged import count_judged, judgement
from quality.kinds import Severity
from quality.matching import MatchingCell
from quality.repairing import DamageCell

__all__ = [
    "counts_of",
    "print_damage_cell",
    "print_damage_header",
    "print_judged",
    "print_listing",
    "print_matching_cell",
    "print_matching_header",
    "print_theory",
]


def print_damage_header() -> None:
    """Print the names of the damage table's columns."""
    print(
        f"\n  {'damage':34}{'severity':8}{'n':>5} flagged   named identic.  return. "
        "marked‰ wrong‰  miss.‰ added‰  med.ms worst.ms"
    )


def print_damage_cell(cell: DamageCell) -> None:
    """Print a line of the damage table."""
    low = (
        cell.flagged < 0.99
        or cell.named < 0.99
        or (cell.identical is not None and cell.identical < 0.99)
        or (cell.returned is not None and cell.returned < 0.995)
        or cell.wrong + cell.missing > 5
    )
    print(
        f"{'<' if low else ' '} {cell.kind:34}{cell.severity:8}{cell.articles:5}"
        f"{cell.flagged:8.3f}{cell.named:8.3f}{_share(cell.identical)}{_share(cell.returned)}"
        f"{cell.marked:8.2f}{cell.wrong:7.2f}{cell.missing:7.2f}{cell.added:7.2f}"
        f"{cell.median_ms:8.2f}{cell.worst_ms:8.1f}",
        flush=True,
    )


def _share(value: float | None) -> str:
    return f"{value:8.4f}" if value is not None else "       -"


def print_matching_header(baselines: Sequence[str]) -> None:
    """Print the names of the matching table's columns."""
    names = "".join(f"{name[:7]:>8}" for name in baselines)
    print(
        f"  {'matching':34}{'severity':8}{'n':>5}  recall exhaust  origin. verdict sources strng"
        f"  med.ms{names}  what failed"
    )


def print_matching_cell(cell: MatchingCell) -> None:
    """Print a line of the matching table."""
    wanted = 0.99 if cell.severity is not Severity.EXTREME else cell.exhaustive - 0.01
    low = (
        (cell.recall < wanted and cell.sources < wanted)
        or cell.verdict < 0.97
        or cell.sources < min(0.95, wanted)
        or cell.strangers
    )
    baselines = "".join(f"{share:8.2f}" for share in cell.baselines.values())
    causes = " ".join(f"{cause}:{count}" for cause, count in cell.causes.items())
    print(
        f"{'<' if low else ' '} {cell.kind:34}{cell.severity:8}{cell.articles:5}"
        f"{cell.recall:8.3f}{cell.exhaustive:8.3f}{cell.original:8.3f}{cell.verdict:8.3f}"
        f"{cell.sources:8.3f}{cell.strangers:6}{cell.median_ms:7.2f}{baselines}  {causes}",
        flush=True,
    )


def print_theory(theory: dict[str, Any]) -> None:
    """Print how estimates and the S-curve compare with theory."""
    print(
        f"\n  estimates: {theory['pairs']} pairs, bias {theory['bias']:+.3f} standard errors, "
        f"spread {theory['spread']:.3f} of the binomial"
    )
    for row in theory["s_curve"]:
        print(
            f"{' ' if row['within'] else '<'} jaccard {row['jaccard']}: {row['pairs']:6} pairs, "
            f"found {row['found']:.3f}, predicted {row['predicted']:.3f}, {row['off']:+.1f} s.e."
        )


def counts_of(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without its lists."""
    return {name: value for name, value in result.items() if not isinstance(value, list)}


def print_listing(rows: Sequence[dict[str, Any]]) -> None:
    """Print pairs for reading."""
    for row in rows:
        facts = " ".join(f"{key}={value}" for key, value in row.items() if key != "texts")
        print(f"      {facts}")
        for text in row.get("texts", ()):
            print(f"          {text[:110]}")


def print_judged(rows: Sequence[dict[str, Any]], most: int = 10) -> None:
    """Print what readers say of pairs, and some of the pairs that no reader agreed with."""
    print(f"      readers say: {count_judged(rows)}")
    print_listing([row for row in rows if judgement(row) not in {"same", "update"}][:most])
