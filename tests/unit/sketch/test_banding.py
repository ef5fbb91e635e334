import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import ConfigError
from dedup.sketch.banding import Banding, collision_probability

GOLDEN = [6768782832058643234, 12568184040971849497]


@pytest.mark.parametrize(
    ("similarity", "bands", "rows", "probability"),
    [
        (0.3, 42, 3, 0.68),
        (0.4, 42, 3, 0.94),
        (0.5, 32, 4, 0.87),
        (0.8, 16, 8, 0.95),
        (0.5, 20, 5, 0.47),
    ],
)
def test_curve(similarity: float, bands: int, rows: int, probability: float) -> None:
    """The S-curve has the values of the literature."""
    assert probability == round(collision_probability(similarity, bands=bands, rows=rows), 2)


@given(st.floats(0, 1), st.integers(1, 60), st.integers(1, 10))
def test_more_bands_are_looser_and_more_rows_stricter(s: float, bands: int, rows: int) -> None:
    """The curve rises with the bands and falls with the rows."""
    here = collision_probability(s, bands=bands, rows=rows)

    assert here <= collision_probability(s, bands=bands + 1, rows=rows)
    assert here >= collision_probability(s, bands=bands, rows=rows + 1)


def test_keys_follow_the_bands() -> None:
    """A changed slot changes the key of its band and of no other; unused slots none."""
    signatures = np.random.default_rng(1).integers(0, 2**32, (2, 128), np.uint32)
    signatures[1] = signatures[0]
    signatures[1, [4, 127]] += np.uint32(1)
    keys = Banding(42, 3).band_keys(signatures)

    assert np.uint64 == keys.dtype
    assert (2, 42) == keys.shape
    assert [1] == np.flatnonzero(keys[0] != keys[1]).tolist()


def test_order_and_number_of_the_band_count() -> None:
    """The same slots in another order, or in another band, have another key."""
    slots = np.array([[1, 2, 3, 3, 2, 1, 2, 2, 2, 1, 2, 3]], np.uint32)

    assert 4 == np.unique(Banding(4, 3).band_keys(slots)).size


def test_keys_spread() -> None:
    """No two of 100,000 near-equal bands collide, and every bit is set half of the time."""
    slots = np.arange(300_000, dtype=np.uint32).reshape(-1, 3)
    keys = Banding(1, 3).band_keys(slots)[:, 0]
    bits = np.unpackbits(keys.view(np.uint8).reshape(-1, 8), axis=1).mean(axis=0)

    assert keys.size == np.unique(keys).size
    assert np.all(np.abs(bits - 0.5) < 0.01)


def test_keys_are_pinned() -> None:
    """The keys of one signature: a change here needs every band table rebuilt."""
    assert GOLDEN == Banding(2, 3).band_keys(np.arange(6, dtype=np.uint32)[None])[0].tolist()


@pytest.mark.parametrize(("bands", "rows"), [(0, 3), (42, 0)])
def test_values_outside_their_range_are_refused(bands: int, rows: int) -> None:
    """There is at least one band of one row."""
    with pytest.raises(ConfigError):
        Banding(bands, rows)
    with pytest.raises(ConfigError):
        collision_probability(0.5, bands=bands, rows=rows)


def test_short_signatures_are_refused() -> None:
    """Bands need slots to be cut from."""
    with pytest.raises(ConfigError, match=r"42 \* 3"):
        Banding().band_keys(np.zeros((1, 125), np.uint32))


def test_similarity_is_a_share() -> None:
    """A similarity outside [0, 1] is refused."""
    with pytest.raises(ConfigError):
        collision_probability(1.1, bands=1, rows=1)
