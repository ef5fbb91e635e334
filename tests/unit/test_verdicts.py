import pytest

from dedup import Scores, Thresholds, Verdict
from dedup.verdicts import (
    Likeness,
    decide,
    has_what_is_beside,
    has_what_is_shared,
    is_garbled,
    is_more_complete,
    is_of_both,
    is_other_list,
    is_refilled,
    is_regional,
    judged_containment,
    may_be_common,
    needs_a_look,
    rank,
    sets_slips_aside,
    tells_other,
)

THRESHOLDS = Thresholds()


def verdict_of(shared, size, original_size, *, damaged=False, same_text=False):
    scores = Scores(shared, size, original_size)
    likeness = Likeness(scores.containment, scores.coverage, shared)
    return decide(likeness, damaged=damaged, same_text=same_text, thresholds=THRESHOLDS)


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
            places,
            num_chars=num_chars,
            broken=broken,
            shingle_length=5,
            thresholds=THRESHOLDS,
        )

    @pytest.mark.parametrize(
        ("places", "num_chars", "expected"),
        [(20, 1000, True), (19, 1000, False), (5, 90, False), (6, 90, True), (0, 0, False)],
    )
    def test_rate_and_number(self, places, num_chars, expected):
        """It takes a share of the text's characters, and a few of them at least."""
        assert expected is self.verdict(places, num_chars=num_chars, broken=5 * places)

    @pytest.mark.parametrize(("broken", "expected"), [(192, True), (193, False)])
    def test_longer_differences(self, broken, expected):
        """Where most of what differs are longer stretches, the text is edited, not garbled."""
        assert expected is self.verdict(25, broken=broken)


class TestIsRefilled:
    def verdict(self, *, numbers=0, names=0, words=0, kept=0, slips=0, num_chars=150):
        return is_refilled(
            numbers=numbers,
            names=names,
            words=words,
            kept=kept,
            slips=slips,
            num_chars=num_chars,
            thresholds=THRESHOLDS,
        )

    def test_most_numbers_are_others(self):
        """However long it is, a text with other numbers in their places is a form."""
        assert self.verdict(numbers=4, kept=6, num_chars=5000)
        assert not self.verdict(numbers=4, kept=7, num_chars=5000)
        assert not self.verdict(numbers=2, kept=0, num_chars=5000)

    def test_blanks_by_length(self):
        """One name or number makes a form of a short text; it takes more in a longer one."""
        assert self.verdict(names=1, kept=9, num_chars=150)
        assert not self.verdict(names=1, kept=9, num_chars=151)
        assert self.verdict(numbers=1, names=2, kept=9, num_chars=450)

    def test_other_words_count_beside_blanks(self):
        """Other words alone are an edit, and count twice as much as blanks at most."""
        assert not self.verdict(words=9)
        assert self.verdict(names=1, words=9, num_chars=450)
        assert not self.verdict(names=1, words=9, num_chars=451)

    def test_slips_say_that_it_is_garbled(self):
        """A garbled copy may have a wrong digit among its wrong characters."""
        assert self.verdict(numbers=1, slips=1)
        assert not self.verdict(numbers=1, slips=2)


class TestIsRegional:
    @pytest.mark.parametrize(
        ("substitutions", "distinct", "expected"),
        [(10, 6, True), (10, 7, False), (0, 0, False), (1, 1, False)],
    )
    def test_repeated_substitutions(self, substitutions, distinct, expected):
        """Words of another region come again and again; wrong characters are ever new ones."""
        assert expected is is_regional(substitutions, distinct)


def judge(scores, **counts):
    missing = scores.original_size - scores.shared
    return judged_containment(scores, missing=missing, **counts, thresholds=THRESHOLDS)


class TestJudgedContainment:
    def test_prose_decides(self):
        """A page is contained if its sentences are, and not for its navigation."""
        page, same_site = Scores(400, 1600, 400), Scores(900, 1400, 1000)

        assert 1.0 == judge(page, prose=350, shared_prose=350)
        assert 0.1 == judge(same_site, prose=500, shared_prose=50)

    def test_a_list_has_no_prose(self):
        """A text without sentences is a copy or none by what it shares."""
        assert 0.9 == judge(Scores(900, 1000, 2000), prose=10, shared_prose=0)
        assert 1.0 == judge(Scores(500, 1000, 500), prose=0, shared_prose=0)

    def test_sentences_in_the_same_page(self):
        """Two pages of one site with a sentence of their own each are not copies."""
        assert 0.1 > judge(Scores(142, 169, 172), prose=31, shared_prose=3)
        assert 0.8 < judge(Scores(142, 169, 150), prose=31, shared_prose=3)
        assert 0.8 < judge(Scores(142, 169, 172), prose=31, shared_prose=20)

    def test_prose_of_pages_that_are_mostly_furniture(self):
        """Of pages with few sentences six in ten of these decide, of articles four in ten."""
        assert 0.5 == judge(Scores(900, 1200, 1400), prose=200, shared_prose=100)
        assert 0.75 == judge(Scores(900, 1200, 1400), prose=700, shared_prose=350)

    def test_a_notice_below_a_list(self):
        """A known list that is carried whole stays a copy, whatever sentences are added."""
        assert 0.9 == judge(Scores(900, 1000, 945), prose=100, shared_prose=0)
        assert 0.0 == judge(Scores(900, 1000, 960), prose=100, shared_prose=0)

    def test_an_excerpt_has_the_sentences_of_its_original(self):
        """A page is no excerpt of another for the furniture of their site."""
        assert 0.0 == judge(Scores(110, 170, 320), prose=42, shared_prose=0)
        assert 0.6 < judge(Scores(110, 170, 320), prose=42, shared_prose=20)
        assert 0.6 < judge(Scores(110, 170, 320), prose=33, shared_prose=0)

    def test_furniture_carries_no_text(self):
        """What two captions have in common is the page around them."""
        assert 0.45 == judge(Scores(450, 1000, 640), prose=30, shared_prose=4)
        assert 1.0 == judge(Scores(450, 1000, 640), prose=4, shared_prose=4)

    def test_in_doubt_nothing_changes(self):
        """A digest with a little navigation is a digest, an update with quotations a copy."""
        assert 0.55 == judge(Scores(550, 1000, 550), prose=800, shared_prose=500)
        assert 0.7 == judge(Scores(700, 1000, 900), prose=500, shared_prose=250)

    def test_only_where_it_matters(self):
        """Texts that are nearly the same, or share next to nothing, need no look."""
        assert not needs_a_look(Scores(990, 1000, 1000), THRESHOLDS)
        assert not needs_a_look(Scores(100, 1000, 1000), THRESHOLDS)
        assert needs_a_look(Scores(150, 1000, 5000), THRESHOLDS)
        assert needs_a_look(Scores(90, 1000, 100), THRESHOLDS)


@pytest.mark.parametrize(
    ("slips", "blanks", "expected"), [(12, 3, True), (11, 3, False), (6, 0, True), (0, 0, True)]
)
def test_slips_among_blanks(slips, blanks, expected):
    """A ceremony with other names has single characters that differ, but not many to a name."""
    assert expected is sets_slips_aside(slips, blanks)


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


class TestOtherList:
    def verdict(self, containment, coverage, *, prose=0, other=100):
        likeness = Likeness(containment, coverage, shared=500)
        return is_other_list(likeness, prose=prose, other=other, thresholds=THRESHOLDS)

    def test_both_have_much_of_their_own(self):
        """Two lists that differ in a tenth of either list other things."""
        assert self.verdict(0.7, 0.8)
        assert not self.verdict(0.7, 0.9)
        assert not self.verdict(0.9, 0.7)

    def test_sentences_may_be_edited(self):
        """Where a quarter of what is shared are sentences, it is an article with changes."""
        assert self.verdict(0.7, 0.8, prose=124)
        assert not self.verdict(0.7, 0.8, prose=125)

    def test_an_article_among_lists(self):
        """Two pages that have sentences in common may have other lists around them."""
        assert self.verdict(0.7, 0.85, prose=11)
        assert not self.verdict(0.7, 0.85, prose=12)

    def test_a_number_makes_no_other_list(self):
        """The name of whoever shared it, or the time, may be all that differs."""
        assert self.verdict(0.7, 0.8, other=20)
        assert not self.verdict(0.7, 0.8, other=19)

    def test_parts_are_another_matter(self):
        """A part of a list is an excerpt, a list in a page a part of the page."""
        assert not self.verdict(0.7, 0.5)
        assert not self.verdict(0.5, 0.7)


class TestInCommon:
    @pytest.mark.parametrize(
        ("there", "lacking", "expected"),
        [(80, 0, True), (79, 0, False), (80, 11, True), (80, 12, False)],
    )
    def test_a_third_has_what_two_share(self, there, lacking, expected):
        """Nearly all of it, and every sentence."""
        assert expected is has_what_is_shared(shared=100, there=there, lacking=lacking)

    @pytest.mark.parametrize(("there", "expected"), [(0, True), (30, True), (31, False)])
    def test_a_third_tells_something_else(self, there, expected):
        """It lacks most of what a text has alone."""
        assert expected is tells_other(100, there)

    @pytest.mark.parametrize(
        ("verdict", "scores", "expected"),
        [
            (Verdict.REPRINT, (600, 900, 800), True),
            (Verdict.EXACT, (600, 900, 800), False),
            (Verdict.PARTIAL, (600, 900, 800), False),
            (Verdict.EXCERPT, (599, 600, 800), False),
            (Verdict.REPRINT, (970, 1100, 1000), True),
            (Verdict.REPRINT, (971, 1100, 1000), False),
        ],
    )
    def test_only_where_it_matters(self, verdict, scores, expected):
        """For copies that lack something of their original and are not wholly in it."""
        assert expected is may_be_common(verdict, Scores(*scores), THRESHOLDS)

    @pytest.mark.parametrize(("there", "expected"), [(80, True), (79, False)])
    def test_a_third_has_what_stands_beside(self, there, expected):
        """What a text shares with a second article is then the page around the first."""
        assert expected is has_what_is_beside(100, there)


class TestOfBoth:
    def verdict(self, beside, *, prose=0, second_size=1000, size=2000):
        return is_of_both(
            beside, prose=prose, second_size=second_size, size=size, thresholds=THRESHOLDS
        )

    def test_most_of_the_second_and_much_of_the_text(self):
        """Less of either is a brief or a teaser beside an article."""
        assert self.verdict(900)
        assert not self.verdict(899)
        assert self.verdict(900, second_size=1500)
        assert not self.verdict(900, second_size=1501)

    def test_no_brief_is_so_long(self):
        """A second article of a thousand shingles and no sentence is the menus of a page."""
        assert self.verdict(1000)
        assert not self.verdict(1001, prose=250)
        assert self.verdict(1001, prose=251)
