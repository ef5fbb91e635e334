"""Whether estimates and the index behave as the theory of MinHash and LSH says."""

import itertools
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dedup.config import SketchConfig
from dedup.preparation import PreparedArticle
from dedup.sketch.banding import Banding

__all__ = ["SketchTheory"]

_BINS = np.linspace(0, 1, 11)
_SIGNIFICANT = 4.0  # standard errors


@dataclass
class SketchTheory:
    """Collects pairs of texts with their exact Jaccard and what the sketch says of them."""

    config: SketchConfig = field(default_factory=SketchConfig)
    exact: list[float] = field(default_factory=list)
    estimates: list[float] = field(default_factory=list)
    banded: list[bool] = field(default_factory=list)

    def add(self, one: PreparedArticle, other: PreparedArticle, jaccard: float) -> None:
        """Take a pair; one too short to sign is left out."""
        if one.signature is None or other.signature is None:
            return
        banding = Banding(bands=self.config.bands, rows=self.config.rows)
        keys = banding.band_keys(np.stack([one.signature, other.signature]))
        self.exact.append(jaccard)
        self.estimates.append(float((one.signature == other.signature).mean()))
        self.banded.append(bool((keys[0] == keys[1]).any()))

    def report(self) -> dict[str, Any]:
        """Return bias, spread and the S-curve by exact Jaccard, with their sampling errors.

        `spread` is the variance of the estimates' errors as a multiple of the binomial one,
        1 in theory; `off` is how many standard errors the share found is from prediction.
        """
        exact, estimates = np.array(self.exact), np.array(self.estimates)
        banded = np.array(self.banded)
        variance = exact * (1 - exact) / self.config.num_perm
        inside = variance > 0
        errors = (estimates - exact)[inside] / np.sqrt(variance[inside])
        predicted = 1 - (1 - exact**self.config.rows) ** self.config.bands
        rows = []
        for low, high in itertools.pairwise(_BINS):
            chosen = (exact >= low) & (exact < high)
            count = int(chosen.sum())
            if not count:
                continue
            chance = predicted[chosen]
            error = math.sqrt(float((chance * (1 - chance)).sum())) / count
            found = float(banded[chosen].mean())
            off = (found - float(chance.mean())) / error if error > 1e-9 else 0.0
            rows.append(
                {
                    "jaccard": f"{low:.1f}-{high:.1f}",
                    "pairs": count,
                    "found": found,
                    "predicted": float(chance.mean()),
                    "off": off,
                    "within": abs(off) < _SIGNIFICANT,
                }
            )
        return {
            "pairs": len(exact),
            "bias": float(errors.mean()) if len(errors) else 0.0,
            "spread": float(errors.var()) if len(errors) else 0.0,
            "s_curve": rows,
        }
