"""The measures of the quality benchmark, against other ways to count the same."""

from random import Random

import numpy as np
import pytest
from quality.alignment import compare, same_but_for_script
from quality.corpus import CorpusArticle, is_held_out
from quality.exhaustive import EveryArticle
from quality.known import KnownArticles
from quality.matching import is_related
from quality.sampling import SketchTheory

from dedup import Article, Deduplicator, Scores, Thresholds

TEXTS = [
    "".join(Random(number).choices("天地玄黄宇宙洪荒日月盈昃辰宿列张", k=300))
    for number in range(6)
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    texts = [*TEXTS, TEXTS[0][:150] + TEXTS[1][100:200]]
    with Deduplicator.open(tmp_path_factory.mktemp("store"), durable=False) as dedup:
        return [dedup.prepare(Article(text=text)) for text in texts]


def test_the_inverted_index_counts_as_pairwise_comparison_does(prepared):
    every = EveryArticle(prepared[:-1])
    counts, size = every.shared(prepared[-1])
    pairs = [prepared[-1].shingles.overlap(known.shingles) for known in prepared[:-1]]
    assert counts.tolist() == [pair.shared for pair in pairs]
    assert size == pairs[0].size
    assert every.nearest(prepared[-1]).containing == 0


@pytest.mark.parametrize(
    ("repaired", "equal", "marked", "wrong", "missing", "added"),
    [
        ("中国新闻网", 5, 0, 0, 0, 0),
        ("中國新聞網", 5, 0, 0, 0, 0),
        ("中国�闻网", 4, 1, 0, 0, 0),
        ("中国祈闻网", 4, 0, 1, 0, 0),
        ("中国闻网", 4, 0, 0, 1, 0),
        ("中国(guo)新闻网", 5, 0, 0, 0, 5),
    ],
)
def test_what_came_back_is_counted(repaired, equal, marked, wrong, missing, added):
    back = compare(repaired, "中国新闻网")
    assert back[:6] == (5, equal, marked, wrong, missing, added)


def test_script_and_line_ends_are_no_difference():
    assert same_but_for_script("中國新聞\n\n網 \n", "中国新闻\n网")
    assert not same_but_for_script("中国 新闻", "中国新闻")


def test_relation_is_that_of_the_verdicts():
    thresholds = Thresholds()
    assert is_related(Scores(60, 100, 10_000), thresholds)
    assert is_related(Scores(150, 500, 500), thresholds)
    assert not is_related(Scores(149, 400, 400), thresholds)
    assert not is_related(Scores(290, 1_000, 1_000), thresholds)


def test_estimates_of_true_pairs_are_within_sampling_error(prepared):
    """And those of signatures that were not made from the texts are not."""
    theory, broken = SketchTheory(), SketchTheory()
    for one in prepared:
        for other in prepared:
            if one is not other:
                jaccard = Scores(*one.shingles.overlap(other.shingles)).jaccard
                theory.add(one, other, jaccard)
                broken.add(one, other, min(1.0, jaccard + 0.3))
    assert abs(theory.report()["bias"]) < 1
    assert abs(broken.report()["bias"]) > 3


def test_known_copies_lead_to_their_original():
    articles = [CorpusArticle(str(n), "", text, "made") for n, text in enumerate(TEXTS)]
    with KnownArticles([*articles, CorpusArticle("copy", "", TEXTS[2], "made")]) as known:
        assert {article.id for article in known.originals} == {str(n) for n in range(6)}
        assert known.original_of("copy") == "2"
        known.fill(10, articles, "天地玄黄宇宙洪荒日月盈昃辰宿列张", seed=0)
        assert known.check(TEXTS[4]).original.id == "4"


def test_halves_of_a_collection_are_of_like_size():
    share = np.mean([is_held_out(f"article-{number}") for number in range(2_000)])
    assert share == pytest.approx(0.5, abs=0.05)
