import pytest

from dedup import Scores, Thresholds, Verdict
from dedup.verdicts import decide, is_garbled, is_more_complete, rank

THRESHOLDS = Thresholds()


def verdict_of(shared, size, original_size, *, damaged=False, same_text=False):
    scores = Scores(shared, size, original_size)
    return decide(scores, damaged=damaged, same_text=same_text, thresholds=THRESHOLDS)


class TestDecide:
    @pytest.mark.parametrize(
        ("scores", "expected"),
        [
            ((600, 1000, 1000), Verdict.REPRINT),
            ((599, 1000, 998), Verdict.COMPILATION),
            ((599, 998, 1000), Verdict.EXCERPT),
            ((599, 1000, 1000), Verdict.PARTIAL),
            ((200, 200, 2000), Verdict.EXCERPT),
            ((200, 2000, 200), Verdict.COMPILATION),
            ((150, 500, 5000), Verdict.PARTIAL),
            ((149, 400, 400), Verdict.NEW),
            ((299, 1000, 1000), Verdict.NEW),
            ((0, 0, 0), Verdict.NEW),
        ],
    )
    def test_scores_alone(self, scores, expected):
        """Containment and coverage decide, at the documented limits and not before."""
        assert expected == verdict_of(*scores)

    def test_damage_comes_first(self):
        """A damaged text with the same normalized text is a mirror, not an exact copy."""
        assert Verdict.GARBLED_MIRROR == verdict_of(9, 9, 9, damaged=True, same_text=True)

    def test_damage_does_not_turn_an_excerpt_into_a_mirror(self):
        """Only a copy of the whole is a mirror."""
        assert Verdict.EXCERPT == verdict_of(200, 200, 2000, damaged=True)

    def test_equal_text_is_exact(self):
        """Equal normalized text is exact, even without a single shingle."""
        assert Verdict.EXACT == verdict_of(0, 0, 0, same_text=True)


class TestIsGarbled:
    def verdict(self, places, *, num_chars=1000, broken=100):
        return is_garbled(
            Scores(num_chars - broken, num_chars, num_chars + 500),
            places,
            num_chars=num_chars,
            shingle_length=5,
            thresholds=THRESHOLDS,
        )

    @pytest.mark.parametrize(
        ("places", "num_chars", "expected"),
        [(20, 1000, True), (19, 1000, False), (7, 50, False), (8, 50, True), (0, 0, False)],
    )
    def test_rate_and_number(self, places, num_chars, expected):
        """It takes a share of the text's characters, and a few of them at least."""
        assert expected is self.verdict(places, num_chars=num_chars, broken=5 * places)

    @pytest.mark.parametrize(("broken", "expected"), [(166, True), (167, False)])
    def test_longer_differences(self, broken, expected):
        """Where most of what differs are longer stretches, the text is edited, not garbled."""
        assert expected is self.verdict(25, broken=broken)


class TestRank:
    def test_closer_relation_wins(self):
        """An excerpt of one article beats a partial overlap with a higher Jaccard."""
        excerpt = rank(Verdict.EXCERPT, Scores(200, 200, 2000))
        partial = rank(Verdict.PARTIAL, Scores(500, 1000, 1000))

        assert excerpt < partial

    def test_jaccard_decides_among_equals(self):
        """Of two originals the more similar one is the best match."""
        assert rank(Verdict.REPRINT, Scores(9, 10, 10)) < rank(Verdict.REPRINT, Scores(8, 10, 10))


class TestIsMoreComplete:
    def test_contains_and_adds(self):
        """A text with all of another and a tenth more is more complete."""
        assert is_more_complete(Scores(1000, 1000, 1100), THRESHOLDS)

    def test_small_additions_do_not_count(self):
        """A few more characters are an edit."""
        assert not is_more_complete(Scores(1000, 1000, 1050), THRESHOLDS)

    def test_never_both_ways(self):
        """Two texts cannot complete each other."""
        assert not is_more_complete(Scores(900, 1000, 1000), THRESHOLDS)
