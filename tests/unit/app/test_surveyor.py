"""Articles that come at once are surveyed at once, and hear of nobody else's troubles."""

import asyncio

import pytest

from app.surveyor import Surveyor
from dedup import Article, EmptyTextError, StoreUnavailableError


class Watched:
    """A deduplicator, and the groups that it was asked to survey."""

    def __init__(self, dedup):
        self.dedup = dedup
        self.groups = []

    def survey_many(self, articles):
        self.groups.append([article.id for article in articles])
        return self.dedup.survey_many(articles)

    def prepare(self, article):
        self.groups.append(article.id)
        return self.dedup.prepare(article)

    def survey(self, prepared):
        return self.dedup.survey(prepared)


@pytest.fixture
def watched(dedup):
    return Watched(dedup)


def survey_all(surveyor, *articles):
    async def ask():
        waiting = (surveyor.survey(article) for article in articles)
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(ask())


def test_those_that_come_together_are_one_group(watched, seeds):
    """Each gets its own survey, in whatever order they are refused."""
    watched.dedup.add(Article(text=seeds["004"], id="a4"))
    copy, empty, stranger = survey_all(
        Surveyor(watched),
        Article(text=seeds["000"], id="copy"),
        Article(text="……", id="empty"),
        Article(text=seeds["002"], id="stranger"),
    )

    assert [["copy", "empty", "stranger"]] == watched.groups
    assert isinstance(empty, EmptyTextError)
    assert ("copy", 1) == (copy.prepared.id, len(copy.comparisons))
    assert ("stranger", 0) == (stranger.prepared.id, len(stranger.comparisons))


def test_those_that_come_turn_after_turn_are_one_group(watched, seeds):
    """What the loop reads while others wait joins them, and nobody waits for what does not come."""

    async def ask():
        surveyor = Surveyor(watched)
        waiting = []
        for name in ("first", "second", "third"):
            article = Article(text=seeds["002"], id=name)
            waiting.append(asyncio.ensure_future(surveyor.survey(article)))
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        await surveyor.survey(Article(text=seeds["002"], id="late"))

    asyncio.run(ask())
    assert [["first", "second", "third"], ["late"]] == watched.groups


def test_a_stream_without_end_is_surveyed_in_groups(watched):
    """However many come, the first of them do not wait for the last."""

    async def ask():
        surveyor = Surveyor(watched)
        waiting = []
        for number in range(40):
            article = Article(text=f"{number}各地有序复工复产。", id=str(number))
            waiting.append(asyncio.ensure_future(surveyor.survey(article)))
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)

    asyncio.run(ask())
    assert 16 == len(watched.groups[0])


def test_a_group_is_no_longer_than_a_long_text(watched):
    """Nobody waits for a heap of texts that came at the same moment."""
    texts = [f"{number}" + "各地有序复工复产。" * 2_000 for number in range(4)]
    surveys = survey_all(Surveyor(watched), *(Article(text=text, id=text[0]) for text in texts))

    assert [["0", "1"], ["2", "3"]] == watched.groups
    assert ["0", "1", "2", "3"] == [survey.prepared.id for survey in surveys]


def test_a_long_text_keeps_nobody_waiting(watched, seeds):
    """It is surveyed beside the others."""
    long, short = survey_all(
        Surveyor(watched),
        Article(text=seeds["002"] * 60, id="long"),
        Article(text=seeds["002"], id="short"),
    )

    assert {"long", "short"} == {long.prepared.id, short.prepared.id}
    assert ["short"] in watched.groups
    assert "long" in watched.groups


def test_all_hear_of_a_store_that_fails(watched, seeds, monkeypatch):
    """A store that cannot be read is everyone's trouble, once."""

    def fail(_):
        raise StoreUnavailableError("gone")

    monkeypatch.setattr(watched, "survey_many", fail)
    surveyor = Surveyor(watched)
    articles = [Article(text=seeds["002"], id=str(number)) for number in range(3)]
    assert 3 == sum(
        isinstance(one, StoreUnavailableError) for one in survey_all(surveyor, *articles)
    )

    monkeypatch.undo()
    [survey] = survey_all(surveyor, articles[0])
    assert "0" == survey.prepared.id


def test_a_bug_is_the_trouble_of_one(watched, seeds, monkeypatch):
    """An article that breaks the survey does not break those beside it."""
    survey_many = watched.survey_many

    def fail_on_one(articles):
        if any(article.id == "bad" for article in articles):
            raise ZeroDivisionError
        return survey_many(articles)

    monkeypatch.setattr(watched, "survey_many", fail_on_one)
    ids = ("first", "bad", "last")
    first, bad, last = survey_all(
        Surveyor(watched), *(Article(text=seeds["002"], id=each) for each in ids)
    )

    assert isinstance(bad, ZeroDivisionError)
    assert ("first", "last") == (first.prepared.id, last.prepared.id)


def test_nothing_is_done_for_who_has_gone_away(watched, seeds):
    """A client that hangs up before its turn costs nothing."""

    async def ask():
        surveyor = Surveyor(watched)
        gone = asyncio.ensure_future(surveyor.survey(Article(text=seeds["002"], id="gone")))
        there = asyncio.ensure_future(surveyor.survey(Article(text=seeds["004"], id="there")))
        await asyncio.sleep(0)
        gone.cancel()
        return await there

    assert "there" == asyncio.run(ask()).prepared.id
    assert [["there"]] == watched.groups
