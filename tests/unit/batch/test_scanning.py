import json
import random
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import Article, DedupError, Deduplicator, IdConflictError, Keep, NotFoundError, scan
from dedup.batch import json_lines, parallel, pieces, relating, scanning
from dedup.batch.groups import Groups
from dedup.batch.readers import read_folder, read_folder_in_blocks
from dedup.batch.scanning import scan_sources
from dedup.batch.scratch import Scratch


@pytest.fixture
def collection(seeds):
    """Seeds, excerpts, garbled and longer copies, namesakes, refused ones, in no order."""
    generator = random.Random(5)
    articles = [Article(text=text, id=name) for name, text in sorted(seeds.items())]
    for number in range(12):
        text = seeds[f"00{generator.randrange(5)}"]
        start = generator.randrange(len(text) // 2)
        articles.append(Article(text=text[start : start + 700], id=f"part{number}"))
        articles.append(Article(text=f"{text}\n本报讯{number}号", id=f"copy{number}"))
    articles += [
        Article(text="…", id="empty"),
        Article(text=seeds["002"], id="004"),
        Article(text=seeds["002"], id="002"),
        Article(text="短讯一则", id="short"),
    ]
    generator.shuffle(articles)
    return articles


def facts(answer):
    if isinstance(answer, DedupError):
        return type(answer)
    original = answer.original and answer.original.id
    return (answer.id, answer.verdict, original, answer.cluster_id, answer.scores,
            {match.id for match in answer.matches}, answer.damage, answer.too_short)  # fmt: skip


def scanned(articles, folder, **options):
    with Deduplicator.open(folder, durable=False) as dedup:
        return [facts(answer) for answer in scan(dedup, articles, **options)]


@pytest.mark.parametrize("keep", [Keep.RELATED, Keep.NOTHING])
def test_what_is_kept_makes_no_difference(collection, tmp_path, keep):
    """An article gets the same answer whether or not it is written."""
    kept = scanned(collection, tmp_path / "kept")

    assert kept == scanned(collection, tmp_path / "thrown", keep=keep)
    assert IdConflictError in kept


def test_copies_and_originals_can_be_asked_about(collection, tmp_path):
    """A store for what is related has the copies and their originals, and not the others."""
    with Deduplicator.open(tmp_path, durable=False) as dedup:
        answers = [
            answer
            for answer in scan(dedup, collection, keep=Keep.RELATED)
            if not isinstance(answer, DedupError)
        ]
        copies = [answer for answer in answers if answer.original is not None]

        assert copies
        for copy in copies:
            assert copy.verdict == dedup.catalogue.article(copy.id).verdict
            assert copy.original.id == dedup.catalogue.article(copy.original.id).article.id
        with pytest.raises(NotFoundError):
            dedup.catalogue.article("short")


def test_processes_make_no_difference(collection, tmp_path, monkeypatch):
    """Two processes give the same answers, in the same order, as none besides this one."""
    expected = scanned(collection, tmp_path / "one", jobs=1)
    monkeypatch.setattr(pieces, "_ARTICLES_AT_ONCE", 3)

    assert expected == scanned(collection, tmp_path / "two", jobs=2)
    monkeypatch.setattr(scanning, "_COMPARED_BYTES", 1)
    assert expected == scanned(collection, tmp_path / "each", jobs=2, keep=Keep.NOTHING)


def test_long_articles_are_related_few_at_a_time(collection, tmp_path, monkeypatch):
    """How many are in memory at once makes no difference."""
    expected = scanned(collection, tmp_path / "all", jobs=1)
    monkeypatch.setattr(relating, "_BYTES_AT_ONCE", 1)

    assert expected == scanned(collection, tmp_path / "few", jobs=1)


def test_where_forking_is_unsafe(collection, tmp_path, monkeypatch):
    """Processes that were started anew, elsewhere than on Linux, give the same answers."""
    expected = scanned(collection, tmp_path / "one", jobs=1)
    monkeypatch.setattr(pieces, "_ARTICLES_AT_ONCE", 3)
    for module in (parallel, scanning):
        monkeypatch.setattr(module, "can_fork", lambda: False)

    assert expected == scanned(collection, tmp_path / "two", jobs=2, keep=Keep.NOTHING)


def test_lines_are_read_where_they_are_prepared(collection, tmp_path, monkeypatch):
    """A file of lines gives the answers of its articles, in their order, with what is wrong."""
    monkeypatch.setattr(json_lines, "_BLOCK_BYTES", 9_000)
    monkeypatch.setattr(json_lines, "_READ_BYTES", 4_000)
    records = [
        {"text": article.text} | ({"id": article.id} if number % 3 else {})
        for number, article in enumerate(collection)
    ]
    lines = [json.dumps(record, ensure_ascii=False).encode() for record in records]
    lines[5:5] = [b"", b"nonsense", lines[7].decode().encode("gb18030"), b'{"id": 1}']
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(b"\n".join(lines[:20]))
    (folder / "b.jsonl").write_bytes(b"\r\n".join(lines[20:]))
    (folder / "c.txt").write_text(collection[3].text)
    told = {"blocks": [], "articles": []}

    def answers(name, sources):
        with Deduplicator.open(tmp_path / name, durable=False) as dedup:
            found = scan_sources(dedup, sources, jobs=2, tell_unreadable=told[name].append)
            return [(source.path, facts(answer)) for source, answer in found]

    expected = answers("articles", read_folder(folder))

    assert expected == answers("blocks", read_folder_in_blocks(folder))
    assert told["articles"] == told["blocks"]
    assert ["a.jsonl:7", "a.jsonl:9"] == [source.path for source in told["blocks"]]


def test_groups_too_large_to_hand_over(collection, tmp_path, monkeypatch):
    """Groups that are compared where they need not be in memory get the same answers."""
    expected = scanned(collection, tmp_path / "apart", keep=Keep.NOTHING)
    monkeypatch.setattr(scanning, "_LARGE_BYTES", 4_000)

    assert expected == scanned(collection, tmp_path / "here", keep=Keep.NOTHING)


def test_scanning_again_changes_nothing(collection, tmp_path):
    """A scan over a store that has part of the collection gives the rest the same answers."""
    expected = scanned(collection, tmp_path)

    assert expected == scanned(collection, tmp_path)


def versions(text):
    """An article as it is met in the wild: whole, cut, garbled, longer, undated or not."""
    day = datetime(2020, 3, 11, tzinfo=UTC)
    texts = [
        text,
        text + "\n另据了解，当地已有三百多家企业恢复生产，员工到岗率超过七成，物流也已恢复正常。",
        text[: len(text) // 2],
        text[len(text) // 3 :],
        text.replace("，", ",").replace("的", "\u200b的\u200b"),
        "责任编辑：张三\n" + text,
        text.replace("工", "エ").replace("人", "入"),
    ]
    return [
        (text, None if number % 3 == 1 else day + timedelta(days=(5 * number) % 7))
        for number, text in enumerate(texts)
    ]


@settings(max_examples=12)
@given(data=st.data())
def test_order_makes_no_difference(data, seeds, tmp_path_factory):
    """Who is the original, and of whom, does not depend on the order of a collection."""
    articles = [
        Article(text=text, id=f"{name}-{number}", published_at=published_at)
        for name in ("001", "002", "003")
        for number, (text, published_at) in enumerate(versions(seeds[name]))
    ]
    shuffled = data.draw(st.permutations(articles))

    expected, answers = (
        sorted(fact[:4] for fact in scanned(some, tmp_path_factory.mktemp("store")))
        for some in (articles, shuffled)
    )

    assert expected == answers
    assert 3 <= len({cluster_id for *_, cluster_id in answers}) < len(articles)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))))
def test_groups_are_connected_components(pairs):
    """What belongs together is what networkx finds connected."""
    groups = Groups()
    for one, other in pairs:
        groups.join(one, other)
    expected = nx.connected_components(nx.Graph(pairs))

    assert sorted(map(sorted, expected)) == sorted(map(list, groups.all()))


@given(st.lists(st.binary()), st.lists(st.binary()))
def test_scratch_gives_back_what_was_put(some, others):
    """Values come back by their numbers, in any order."""
    with closing(Scratch()) as scratch:
        for value in some:
            scratch.append(value)
        ends = np.cumsum([0, *map(len, others)])
        scratch.extend(b"".join(others), ends[:-1], ends[1:])
        values = [*some, *others]

        assert list(map(len, values)) == list(map(scratch.size, range(len(scratch))))
        assert values[::-1] == [scratch.get(number) for number in reversed(range(len(scratch)))]


def wait_for_the_last(_worker, piece):
    """Do a piece of work; the second is not done before the last."""
    number, marker = piece
    if number == 1:
        while not marker.exists():
            time.sleep(0.01)
    elif number == 9:
        marker.touch()
    return number


def test_no_piece_waits_for_a_longer_one(tmp_path):
    """Pieces that need not come in order come when they are done."""
    pieces = [(number, tmp_path / "done") for number in range(10)]
    with parallel.Workers(int, 2) as workers:
        done = list(workers.each(wait_for_the_last, pieces, in_order=False))

    assert [(piece, piece[0]) for piece in pieces] == sorted(done)
    assert done[1][1] != 1
