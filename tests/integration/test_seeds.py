"""The five seeds: what they are to one another, in any order, alone and over a store."""

import itertools

import pytest

from dedup import Article, DamageKind, Deduplicator, Verdict, scan


def check(dedup, seeds, name, **options):
    return dedup.check(Article(text=seeds[name], id=name), **options)


class TestScan:
    @pytest.fixture
    def results(self, dedup, seeds):
        articles = [Article(text=text, id=name) for name, text in sorted(seeds.items())]
        return {result.id: result for result in scan(dedup, articles)}

    def test_verdicts(self, results):
        """Seed 000 is a garbled mirror of 004, the others are new."""
        assert {
            "000": Verdict.GARBLED_MIRROR,
            "001": Verdict.NEW,
            "002": Verdict.NEW,
            "003": Verdict.NEW,
            "004": Verdict.NEW,
        } == {name: result.verdict for name, result in results.items()}
        assert "004" == results["000"].original.id
        assert results["004"].cluster_id == results["000"].cluster_id

    def test_scores(self, results):
        """Repaired, the mirror carries nearly all of its original and little else."""
        assert results["000"].scores.containment >= 0.95
        assert results["000"].scores.coverage >= 0.97

    def test_damage(self, results):
        """Three seeds are damaged, two are clean."""
        assert {"000", "001", "003"} == {
            name for name, result in results.items() if result.damage.damaged
        }
        kinds = results["000"].damage.kinds
        assert kinds[DamageKind.PINYIN_ANNOTATION] > 300
        assert kinds[DamageKind.GBK_SHIFT] >= 12
        assert 1 == kinds[DamageKind.KEYWORD_STUFFING]

    def test_any_order(self, results, seeds, tmp_path):
        """Which article is the original does not depend on the order of the files."""
        expected = {name: (r.verdict, r.scores, r.cluster_id) for name, r in results.items()}
        for number, order in enumerate(itertools.islice(itertools.permutations(seeds), 0, 120, 17)):
            with Deduplicator.open(tmp_path / str(number), durable=False) as dedup:
                articles = [Article(text=seeds[name], id=name) for name in order]
                scanned = list(scan(dedup, articles))
            assert expected == {r.id: (r.verdict, r.scores, r.cluster_id) for r in scanned}


class TestOneByOne:
    def test_original_first(self, dedup, seeds):
        """A mirror that arrives after its original is remembered as its copy."""
        assert Verdict.NEW == check(dedup, seeds, "004").verdict
        result = check(dedup, seeds, "000")

        assert Verdict.GARBLED_MIRROR == result.verdict
        assert "004" == result.original.id
        cluster = dedup.catalogue.cluster(result.cluster_id)
        assert ("004", ["000"]) == (
            cluster.original.id,
            [c.article.id for c in cluster.copies.items],
        )

    def test_mirror_first(self, dedup, seeds):
        """The sound article takes the place of its damaged mirror."""
        first = check(dedup, seeds, "000")
        second = check(dedup, seeds, "004")

        assert Verdict.NEW == first.verdict
        assert (Verdict.REPRINT, True, "000") == (
            second.verdict, second.promoted, second.replaces,
        )  # fmt: skip
        assert first.cluster_id == second.cluster_id
        cluster = dedup.catalogue.cluster(first.cluster_id)
        assert "004" == cluster.original.id
        [copy] = cluster.copies.items
        assert ("000", Verdict.GARBLED_MIRROR) == (copy.article.id, copy.verdict)
        assert copy.scores.containment >= 0.95

    def test_after_a_promotion(self, dedup, seeds):
        """The cluster answers with its new original, to new copies and to old ones."""
        check(dedup, seeds, "000")
        check(dedup, seeds, "004")

        again = check(dedup, seeds, "000")
        another = dedup.check(Article(text=seeds["000"], id="another"))

        assert (Verdict.GARBLED_MIRROR, "004") == (again.verdict, again.original.id)
        assert (Verdict.GARBLED_MIRROR, "004") == (another.verdict, another.original.id)

    def test_promotion_survives_a_restart(self, tmp_path, seeds):
        """What was promoted is the original for whoever opens the store."""
        with Deduplicator.open(tmp_path) as dedup:
            check(dedup, seeds, "000")
            check(dedup, seeds, "004")
        with Deduplicator.open(tmp_path) as dedup:
            result = dedup.check(Article(text=seeds["004"], id="later"))

        assert (Verdict.EXACT, "004") == (result.verdict, result.original.id)


class TestPassages:
    def test_offsets_count_in_the_texts_as_received(self, dedup, seeds):
        """A passage points at the same words in both texts."""
        check(dedup, seeds, "004")
        result = check(dedup, seeds, "000", passages=True)

        [match] = result.matches
        first = match.passages[0]
        assert seeds["000"][first.start :].startswith("核心閱讀")
        assert seeds["004"][first.original_start :].startswith("核心阅读")
        last = match.passages[-1]
        assert "宋豪新" in seeds["004"][: last.original_end]
        assert "宋豪新" in seeds["000"][: last.end]
        assert match.differences.substituted + match.differences.dropped < 20
