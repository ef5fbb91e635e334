"""Curves of containment by class, for docs/matching.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("svg")
from matplotlib import pyplot as plt

__all__ = ["draw_containments"]

_MOST_STEPS = 250  # of a curve; more are not seen, and make the file large


def draw_containments(classes: Mapping[str, Sequence[float]], threshold: float, path: Path) -> None:
    """Draw for each class of pairs the share with at most a containment, as SVG.

    Args:
        classes: Containments of pairs by the name of the class.
        threshold: Where a copy begins; drawn as a line.
        path: The file.
    """
    mpl.rcParams["svg.hashsalt"] = "curves"  # the same file from the same numbers
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for name, values in classes.items():
        if values:
            share = np.linspace(0, 1, min(len(values), _MOST_STEPS) + 1)
            axes.step(
                np.quantile(values, share), share, where="post", label=f"{name} ({len(values):,})"
            )
    axes.axvline(threshold, color="grey", linestyle=":", linewidth=1)
    axes.set(
        xlabel="larger of containment and coverage",
        ylabel="share of pairs with at most that",
        xlim=(0, 1),
        ylim=(0, 1),
    )
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)
