"""The library's promises beyond the seeds."""

import itertools
import random
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import (
    Article,
    DedupConfig,
    Deduplicator,
    EmptyTextError,
    IdConflictError,
    InvalidFieldError,
    NotFoundError,
    UndecodableTextError,
    Verdict,
    scan,
)

ENGLISH = (
    "The harbour authority said on Tuesday that the new ferry line would open in May, two "
    "years later than planned. Engineers found cracks in the western pier, and the city had "
    "to pay for repairs that nobody had foreseen. Passengers will pay the same fare as today."
)
JAPANESE = (
    "気象庁によりますと、十五日の朝は日本海側を中心に雪が強まり、山沿いでは積雪が一メートルを"
    "超える見込みです。交通への影響に注意し、不要な外出を控えるよう呼びかけています。"
)
KOREAN = (
    "서울시는 다음 달부터 시내버스 노선을 전면 개편한다고 밝혔다. 시민들은 새로운 노선도를 "
    "정류장과 누리집에서 확인할 수 있으며, 요금은 그대로 유지된다. 시는 운행 간격도 줄이기로 했다."
)
CODE = """
def merge(left: list[int], right: list[int]) -> list[int]:
    result = []
    while left and right:
        result.append(left.pop(0) if left[0] <= right[0] else right.pop(0))
    return result + left + right
"""


def sentences(text):
    return [sentence + "。" for sentence in text.split("。") if sentence]


def test_surveying_many_is_surveying_each(dedup, seeds, to_traditional):
    """Together or alone, an article meets the same known ones; a refusal is in its place."""
    for name, text in seeds.items():
        dedup.add(Article(text=text, id=name))
    texts = [
        to_traditional(seeds["002"]),
        "……",
        seeds["004"][200:900],
        ENGLISH,
        seeds["001"] + seeds["003"],
        "短讯一则",
    ]
    articles = [Article(text=text, id=f"i{place}") for place, text in enumerate(texts)]

    together = dedup.survey_many(articles)

    assert isinstance(together.pop(1), EmptyTextError)
    del articles[1]
    for article, survey in zip(articles, together, strict=True):
        alone = dedup.survey(dedup.prepare(article))
        assert (alone.candidates, alone.comparisons) == (survey.candidates, survey.comparisons)
    assert [1, 1, 0, 2, 0] == [len(survey.comparisons) for survey in together]


def random_han(rng: random.Random, length: int) -> str:
    return "".join(map(chr, rng.choices(range(0x4E00, 0x9000), k=length)))


class TestVerdicts:
    def test_exact_in_another_script(self, dedup, seeds, to_traditional):
        """A conversion to traditional characters alone is an exact copy."""
        dedup.check(Article(text=seeds["002"], id="original"))

        result = dedup.check(Article(text=to_traditional(seeds["002"]), id="copy"))

        assert (Verdict.EXACT, "original") == (result.verdict, result.original.id)
        assert 1.0 == result.scores.jaccard

    def test_reprint(self, dedup, seeds):
        """Another title, a source line and a few edits make a reprint."""
        dedup.check(Article(text=seeds["002"], id="original"))
        text = "万名干部下基层\n来源：某某网\n" + seeds["002"].replace("攻坚", "攻关", 3)

        assert Verdict.REPRINT == dedup.check(Article(text=text, id="copy")).verdict

    def test_wrong_characters(self, dedup, seeds):
        """A copy with single wrong characters everywhere is garbled, damaged-looking or not."""
        generator = random.Random(3)
        dedup.check(Article(text=seeds["002"], id="original"))
        letters = [character for character in seeds["002"] if character.isalpha()]
        text = "".join(
            generator.choice(letters)
            if character.isalpha() and generator.random() < 0.04
            else character
            for character in seeds["002"]
        )
        result = dedup.check(Article(text=text, id="copy"), passages=True)

        assert (Verdict.GARBLED_MIRROR, False) == (result.verdict, result.damage.damaged)
        assert result.matches[0].differences.substituted > 50

    def test_evidence_has_an_end(self, dedup, seeds, monkeypatch):
        """Of many long matches, those behind the first ones go without passages."""
        monkeypatch.setattr("dedup.deduplicator._EVIDENCE_CHARS", 0)
        for name in ("002", "004"):
            dedup.check(Article(text=seeds[name], id=name))
        both = Article(text=seeds["002"] + seeds["004"], id="both")

        first, second = dedup.check(both, passages=True).matches

        assert first.passages and first.differences is not None
        assert second.passages is None

    def test_comparing_has_an_end(self, dedup, monkeypatch):
        """Of many long candidates, those behind the most promising ones are not compared."""
        rng = random.Random(5)
        parts = [random_han(rng, 100) for _ in range(40)]
        for number in range(40):
            text = "".join(part if rng.random() < 0.4 else random_han(rng, 100) for part in parts)
            dedup.check(Article(text=text, id=str(number)))
        article = Article(text="".join(parts), id="a")
        assert len(dedup.check(article, remember=False).matches) > 16

        monkeypatch.setattr("dedup.comparison._COMPARED_CHARS", 10_000)
        assert 8 <= len(dedup.check(article, remember=False).matches) <= 16

    def test_excerpt_and_compilation(self, dedup, seeds):
        """A part is an excerpt of the whole, the whole a compilation of the part."""
        part = "".join(sentences(seeds["002"])[:14])
        dedup.check(Article(text=seeds["002"], id="whole"))
        assert Verdict.EXCERPT == dedup.check(Article(text=part, id="part")).verdict

        result = dedup.check(Article(text=seeds["002"] * 2, id="other"), remember=False)
        assert result.verdict in {Verdict.REPRINT, Verdict.GARBLED_MIRROR}

    def test_two_articles_are_no_page_around_one(self, dedup, seeds):
        """What stands beside an article may have no sentences, and be known as another."""
        prose = "".join(sentences(seeds["002"])[:14])
        chance = random.Random(2)
        teams = ["北京", "上海", "广州", "深圳", "成都", "武汉", "南京", "天津", "重庆", "长沙"]
        lines = (
            f"{chance.choice(teams)}{chance.randrange(140)}比{chance.randrange(140)}胜{chance.choice(teams)}"
            for _ in range(len(prose) // 9)
        )
        table = "\n".join(lines)
        dedup.add(Article(text=prose, id="prose"))
        before = dedup.check(Article(text=f"{prose}\n{table}"), remember=False)
        dedup.add(Article(text=table, id="table"))
        after = dedup.check(Article(text=f"{prose}\n{table}"), remember=False)

        assert (Verdict.REPRINT, "prose") == (before.verdict, before.original.id)
        assert (Verdict.COMPILATION, None) == (after.verdict, after.original)
        assert {"prose", "table"} == {match.id for match in after.matches}

    def test_other_articles_are_new(self, dedup, seeds):
        """Articles on one subject do not match."""
        for name in ("001", "002", "003", "004"):
            assert Verdict.NEW == dedup.check(Article(text=seeds[name], id=name)).verdict

    @pytest.mark.parametrize("text", [ENGLISH, JAPANESE, KOREAN, CODE, ENGLISH + JAPANESE])
    def test_other_languages(self, dedup, text):
        """A copy in any language is found, and its text is not called damaged."""
        first = dedup.check(Article(text=text, id="original"))
        again = dedup.check(Article(text=f"Copied:\n{text}", id="copy"))

        assert (Verdict.NEW, False) == (first.verdict, first.damage.damaged)
        assert (Verdict.REPRINT, "original") == (again.verdict, again.original.id)


class TestOwnProse:
    """A copy is found by the sentences that its original does not have."""

    def texts(self, seeds):
        parts = sentences(seeds["002"])
        added = "。".join(sentences(seeds["004"])[:4])
        return "".join(parts), "".join(parts) + added, added

    def test_a_copy_is_found_by_what_it_adds(self, dedup, seeds):
        """Who brings these sentences alone has an excerpt of the copy, in its cluster."""
        original, longer, added = self.texts(seeds)
        dedup.check(Article(text=original, id="original"))
        copy = dedup.check(Article(text=longer, id="copy"))
        assert (Verdict.REPRINT, "original") == (copy.verdict, copy.original.id)

        result = dedup.check(Article(text=added, id="added"))

        assert (Verdict.EXCERPT, "original") == (result.verdict, result.original.id)
        assert copy.cluster_id == result.cluster_id
        assert ["copy"] == [match.id for match in result.matches]
        again = dedup.check(Article(text=added, id="added"))
        assert (result.verdict, result.matches) == (again.verdict, again.matches)

    def test_a_copy_is_no_match_for_what_it_copied(self, dedup, seeds):
        """Another copy matches the original alone."""
        original, longer, _ = self.texts(seeds)
        dedup.check(Article(text=original, id="original"))
        dedup.check(Article(text=longer, id="copy"))

        for text in (original, longer):
            result = dedup.check(Article(text=text + "来源：某某网"), remember=False)
            assert ["original"] == [match.id for match in result.matches]

    def test_it_is_found_after_a_restart_and_by_others(self, tmp_path, seeds):
        """Whoever opens the store later, or has it open already, finds it too."""
        original, longer, added = self.texts(seeds)
        with Deduplicator.open(tmp_path) as one, Deduplicator.open(tmp_path) as other:
            one.check(Article(text=original, id="original"))
            one.check(Article(text=longer, id="copy"))
            results = [other.check(Article(text=added), remember=False)]
        with Deduplicator.open(tmp_path) as later:
            results.append(later.check(Article(text=added), remember=False))
            later.remove("copy")
            gone = later.check(Article(text=added), remember=False)

        for result in results:
            assert ["copy"] == [match.id for match in result.matches]
        assert Verdict.NEW is gone.verdict

    def test_a_copy_without_prose_of_its_own_is_not_listed(self, dedup, seeds):
        """A menu around an article is nothing to be found by."""
        menu = "首页|新闻|财经|体育|娱乐|科技|汽车|房产|教育|旅游|健康|军事|历史|文化\n"
        dedup.check(Article(text=seeds["002"], id="original"))
        dedup.check(Article(text=menu * 3 + seeds["002"], id="page"))

        result = dedup.check(Article(text=menu * 3), remember=False)
        assert () == result.matches


class TestBoilerplate:
    NAVIGATION = "首页\n新闻\n国际\n县情概况\n财经\n登录\n关于我们\n"
    FOOTER = "\n责任编辑：张三\n版权所有 京ICP备12004265号"

    def test_around_an_article(self, dedup, seeds):
        """A page around an article takes nothing from the scores, and is no exact copy."""
        dedup.check(Article(text=seeds["002"], id="original"))
        page = self.NAVIGATION + seeds["002"] + self.FOOTER
        result = dedup.check(Article(text=page, id="page"))

        assert (Verdict.REPRINT, "original") == (result.verdict, result.original.id)
        assert (1.0, 1.0) == (result.scores.containment, result.scores.coverage)

    def test_of_a_known_page(self, dedup, seeds):
        """It is left out on the known side too; only the same page is an exact copy."""
        dedup.check(Article(text=seeds["002"] + self.FOOTER, id="page"))
        same = dedup.check(Article(text=seeds["002"] + self.FOOTER, id="same"))
        other = dedup.check(Article(text=seeds["002"] + "\n责任编辑：李四", id="other"))

        assert (Verdict.EXACT, "page") == (same.verdict, same.original.id)
        assert (Verdict.REPRINT, 1.0) == (other.verdict, other.scores.jaccard)

    def test_that_shows_on_one_side_alone(self, dedup, seeds):
        """The same characters are an exact copy, though lines that are broken anew show it."""
        line = "，有疑问请致电客服热线"
        dedup.check(Article(text=seeds["002"] + line, id="article"))
        rewrapped = dedup.check(
            Article(text=seeds["002"] + line.replace("，", "\n"), id="rewrapped")
        )

        assert (Verdict.EXACT, "article") == (rewrapped.verdict, rewrapped.original.id)

    def test_shared_by_strangers(self, dedup, seeds):
        """Pages of one site have nothing in common but what is around their articles."""
        for name in ("002", "004"):
            page = self.NAVIGATION * 40 + seeds[name] + self.FOOTER
            assert Verdict.NEW == dedup.check(Article(text=page, id=name)).verdict

    def test_too_little_beside_it(self, dedup):
        """A text of boilerplate and a few words matches by equal text only."""
        for name, words in (("first", "图片新闻一则"), ("second", "图片新闻两则")):
            result = dedup.check(Article(text=self.NAVIGATION * 9 + words + "。", id=name))
            assert (Verdict.NEW, True) == (result.verdict, result.too_short)


class TestShortTexts:
    def test_equal_text_matches(self, dedup):
        """Too short to compare, equal texts still match, in any script and layout."""
        first = dedup.check(Article(text="複工複產", id="first"))
        second = dedup.check(Article(text=" 复工，复产！", id="second"))

        assert (Verdict.NEW, True) == (first.verdict, first.too_short)
        assert (Verdict.EXACT, True) == (second.verdict, second.too_short)
        assert 1.0 == second.scores.containment

    def test_similar_text_does_not(self, dedup):
        """One more word is another text."""
        dedup.check(Article(text="复工复产", id="first"))

        assert Verdict.NEW == dedup.check(Article(text="复工复产了", id="second")).verdict

    def test_limit_is_configurable(self, tmp_path):
        """A text is compared from the configured number of characters on."""
        with Deduplicator.open(tmp_path, DedupConfig(min_chars=10)) as dedup:
            dedup.check(Article(text="一二三四五六七八九十百千万", id="first"))
            result = dedup.check(Article(text="一二三四五六七八九十百千万亿", id="second"))

        assert (Verdict.REPRINT, False) == (result.verdict, result.too_short)


class TestRemembering:
    def test_not_remembered(self, dedup, seeds):
        """A check that remembers nothing leaves nothing behind."""
        dedup.check(Article(text=seeds["004"], id="a"), remember=False)

        assert Verdict.NEW == dedup.check(Article(text=seeds["004"], id="b")).verdict
        pytest.raises(NotFoundError, dedup.catalogue.article, "a")

    def test_added(self, dedup, seeds):
        """An article that was added is known."""
        assert Verdict.NEW == dedup.add(Article(text=seeds["004"], id="a")).verdict

        result = dedup.check(Article(text=seeds["000"], id="b"), remember=False)
        assert "a" == result.original.id

    def test_retry_gets_the_recorded_answer(self, dedup, seeds):
        """The same id and text is the same article: one row, one answer."""
        dedup.check(Article(text=seeds["004"], id="a"))
        first = dedup.check(Article(text=seeds["000"], id="b"))

        assert first == dedup.check(Article(text=seeds["000"], id="b"))
        assert 2 == dedup.stats().articles

    def test_id_of_another_text(self, dedup, seeds):
        """An id keeps its text."""
        dedup.check(Article(text=seeds["004"], id="a"))

        with pytest.raises(IdConflictError):
            dedup.check(Article(text=seeds["002"], id="a"))

    def test_id_follows_from_the_text(self, dedup):
        """Without an id, a retry is the same article."""
        first = dedup.check(Article(text="复工复产"))

        assert first == dedup.check(Article(text="复工复产"))
        assert first.id.startswith("x")
        assert 33 == len(first.id)

    def test_known_after_reopening(self, tmp_path, seeds):
        """The index is rebuilt from the store."""
        with Deduplicator.open(tmp_path) as dedup:
            dedup.check(Article(text=seeds["004"], id="a", title="标题", url="https://example.org"))
            dedup.check(Article(text="复工复产", id="short"))
        with Deduplicator.open(tmp_path) as dedup:
            mirror = dedup.check(Article(text=seeds["000"]))
            short = dedup.check(Article(text="复工复产", id="again"))

        assert ("a", "标题") == (mirror.original.id, mirror.original.title)
        assert "short" == short.original.id

    def test_two_deduplicators_over_one_store(self, tmp_path, seeds):
        """Each follows what the other remembers, promotions and removals included."""
        with Deduplicator.open(tmp_path) as one, Deduplicator.open(tmp_path) as two:
            one.check(Article(text=seeds["000"], id="000"))
            assert two.check(Article(text=seeds["004"], id="004")).promoted
            assert "004" == one.check(Article(text=seeds["000"], id="x")).original.id
            one.remove("004")
            assert "004" not in {
                match.id for match in two.check(Article(text=seeds["004"], id="y")).matches
            }


class TestRaces:
    def test_exactly_one_original(self, dedup, seeds):
        """Of simultaneous, differently edited first copies one is the original."""
        for attempt in range(20):
            story = "".join(random.Random(attempt).choices(seeds["002"], k=600))
            versions = [story[:300] + f"第{i}版" + story[300:] for i in range(8)]
            barrier = threading.Barrier(len(versions))
            results = []

            def run(number, text, barrier=barrier, results=results, attempt=attempt):
                barrier.wait()
                results.append(dedup.check(Article(text=text, id=f"{attempt}-{number}")))

            threads = [threading.Thread(target=run, args=pair) for pair in enumerate(versions)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            assert len(versions) == len(results)
            assert 1 == sum(not result.verdict.is_copy for result in results)
            assert 1 == len({result.cluster_id for result in results})


class TestRemove:
    def test_copy(self, dedup, seeds):
        """A removed copy is gone, its original stays."""
        cluster_id = dedup.check(Article(text=seeds["004"], id="a")).cluster_id
        dedup.check(Article(text=seeds["000"], id="b"))
        dedup.remove("b")

        assert () == dedup.catalogue.cluster(cluster_id).copies.items
        pytest.raises(NotFoundError, dedup.catalogue.article, "b")

    def test_original_hands_over_to_the_best_copy(self, dedup, seeds):
        """An undamaged copy comes before a damaged one, an earlier one before a later."""
        cluster_id = dedup.check(Article(text=seeds["004"], id="a")).cluster_id
        dedup.check(Article(text=seeds["000"], id="damaged"))
        for article_id, year in (("late", 2022), ("early", 2021)):
            published_at = datetime(year, 1, 1, tzinfo=UTC)
            dedup.check(Article(text=seeds["004"], id=article_id, published_at=published_at))
        dedup.remove("a")

        assert "early" == dedup.catalogue.cluster(cluster_id).original.id
        assert Verdict.NEW == dedup.catalogue.article("early").verdict
        result = dedup.check(Article(text=seeds["000"], id="next"))
        assert ("early", cluster_id) == (result.original.id, result.cluster_id)

    def test_last_member_ends_its_cluster(self, dedup, seeds):
        """Its text is new again, in a cluster of its own."""
        cluster_id = dedup.check(Article(text=seeds["004"], id="a")).cluster_id
        dedup.remove("a")

        pytest.raises(NotFoundError, dedup.catalogue.cluster, cluster_id)
        assert Verdict.NEW == dedup.check(Article(text=seeds["004"], id="b")).verdict

    def test_unknown(self, dedup):
        """There is nothing to remove."""
        pytest.raises(NotFoundError, dedup.remove, "nobody")

    def test_id_can_found_another_cluster(self, dedup, seeds):
        """A cluster that outlived its founder keeps its id to itself."""
        first = dedup.check(Article(text=seeds["004"], id="a"))
        dedup.check(Article(text=seeds["000"], id="b"))
        dedup.remove("a")

        second = dedup.check(Article(text=seeds["002"], id="a"))

        assert first.cluster_id != second.cluster_id
        assert "b" == dedup.catalogue.cluster(first.cluster_id).original.id

    @settings(max_examples=15)
    @given(
        copies=st.lists(
            st.tuples(
                st.sampled_from(["whole", "garbled", "half"]), st.none() | st.integers(1, 28)
            ),
            min_size=1,
            max_size=5,
        )
    )
    def test_heirs_follow_one_another(self, copies, seeds, tmp_path_factory):
        """However many originals go, the best copy that is left answers for the cluster."""
        text = seeds["002"]
        texts = {
            "whole": text,
            "garbled": text.replace("的", "\u200b的\u200b"),
            "half": text[: len(text) // 2],
        }
        with Deduplicator.open(tmp_path_factory.mktemp("store"), durable=False) as dedup:
            cluster_id = dedup.check(Article(text=text, id="first")).cluster_id
            for number, (version, day) in enumerate(copies):
                published_at = datetime(2021, 1, day, tzinfo=UTC) if day else None
                article = Article(text=texts[version], id=str(number), published_at=published_at)
                assert cluster_id == dedup.check(article).cluster_id
            order = sorted(
                range(len(copies)),
                key=lambda number: (
                    copies[number][0] == "garbled",
                    copies[number][0] == "half",
                    copies[number][1] or 99,
                    number,
                ),
            )
            for leaving, heir in itertools.pairwise(["first", *map(str, order)]):
                dedup.remove(leaving)
                assert heir == dedup.catalogue.cluster(cluster_id).original.id


class TestScan:
    def test_more_complete_article_is_the_original(self, dedup, seeds):
        """An article that contains another and adds to it comes first, whatever the dates."""
        parts = sentences(seeds["002"])
        early = datetime(2020, 1, 1, tzinfo=UTC)
        articles = [
            Article(text="".join(parts[:25]), id="part", published_at=early),
            Article(text="".join(parts), id="whole"),
        ]
        results = scan(dedup, articles)

        assert ["whole", None] == [r.original and r.original.id for r in results]

    def test_earlier_article_is_the_original(self, dedup, seeds):
        """Among equals the date of publication decides, then the id."""
        articles = [
            Article(text=seeds["004"], id="undated"),
            Article(text=seeds["004"], id="z", published_at=datetime(2020, 3, 11, tzinfo=UTC)),
            Article(text=seeds["004"], id="a", published_at=datetime(2020, 3, 12, tzinfo=UTC)),
        ]
        results = scan(dedup, articles)

        assert ["z", None, "z"] == [r.original and r.original.id for r in results]

    def test_refused_articles_keep_their_place(self, dedup, seeds):
        """What cannot be checked is told in its place."""
        results = list(scan(dedup, [Article(text="…"), Article(text=seeds["004"])]))

        assert isinstance(results[0], EmptyTextError)
        assert Verdict.NEW == results[1].verdict


class TestBadInput:
    @pytest.mark.parametrize("text", ["", " \n", "……！", "\ufffd\ufffd", "👍"])
    def test_empty_text(self, dedup, text):
        """A text without a letter or digit is refused."""
        with pytest.raises(EmptyTextError):
            dedup.check(Article(text=text))

    def test_lone_surrogate(self, dedup):
        """A string that is not Unicode is refused."""
        with pytest.raises(UndecodableTextError):
            dedup.check(Article(text="复工\ud800复产"))

    @pytest.mark.parametrize("article_id", ["", "a\nb", "a\0b", "x" * 513])
    def test_ids(self, dedup, article_id):
        """An id is short and printable."""
        with pytest.raises(InvalidFieldError):
            dedup.check(Article(text="复工复产", id=article_id))

    def test_nul_in_the_text(self, dedup):
        """NUL is a character like any other, and comes back."""
        dedup.check(Article(text="复工\0复产", id="a"))

        assert "复工\0复产" == dedup.catalogue.article("a").text
