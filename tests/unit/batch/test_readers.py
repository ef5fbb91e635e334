"""Folders, files and records become articles; what cannot be read is told and passed over."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from dedup.batch import json_lines, lines, readers
from dedup.batch.json_lines import blocks_of
from dedup.batch.readers import SourceArticle, UnreadableSource, read_file, read_folder
from dedup.models import TextFormat

TEXT = "中新网北京3月25日电 国家卫生健康委员会今日通报，全国新增确诊病例47例。"
OTHER = "中央社臺北25日電 衛生福利部今天說明，國內新增確診個案19例。"
ROWS = [
    {"id": "a1", "title": "标题", "text": TEXT, "url": "http://example.com/1"},
    {"id": "", "title": "", "text": OTHER, "url": ""},
]


def as_csv(rows, delimiter=","):
    stream = io.StringIO()
    table = csv.DictWriter(stream, rows[0], delimiter=delimiter)
    table.writeheader()
    table.writerows(rows)
    return stream.getvalue()


def as_jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_parquet(rows):
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


@pytest.fixture
def read(tmp_path):
    """Writes bytes or text to a file of this name and reads it."""

    def written(name, data):
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return list(read_file(path, name=name))

    return written


def texts(sources):
    assert all(isinstance(source, SourceArticle) for source in sources), sources
    return [source.article.text for source in sources]


def reasons(sources):
    return {s.path: s.reason for s in sources if isinstance(s, UnreadableSource)}


class TestPlainFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    @pytest.mark.parametrize("suffix", [".txt", ".md", ".TXT"])
    def test_one_article_a_file(self, read, suffix, encoding):
        """The text of the file is the article, its name the id."""
        [source] = read("a" + suffix, TEXT.encode(encoding))

        assert (TEXT, "a" + suffix) == (source.article.text, source.article.id)
        assert TextFormat.AUTO is source.article.format

    @pytest.mark.parametrize("suffix", [".html", ".htm"])
    def test_html_keeps_its_markup(self, read, suffix):
        """Offsets count in the markup, so that is what is handed on."""
        page = f'<html><head><meta charset="gbk"></head><body><p>{TEXT}</p></body></html>'
        [source] = read("page" + suffix, page.encode("gbk"))

        assert (page, TextFormat.HTML) == (source.article.text, source.article.format)


class TestCompression:
    def test_every_format(self, read):
        """Each format may be compressed either way."""
        frames = zstandard.ZstdCompressor().compress
        for compress, end in ((gzip.compress, ".gz"), (frames, ".zst")):
            assert [TEXT] == texts(read("a.txt" + end, compress(TEXT.encode())))
            for name, data in (
                ("a.jsonl", as_jsonl(ROWS).encode()),
                ("a.csv", as_csv(ROWS).encode()),
                ("a.parquet", as_parquet(ROWS)),
            ):
                assert [TEXT, OTHER] == texts(read(name + end, compress(data)))

    def test_several_frames(self, read):
        """What was appended to a compressed file is part of it."""
        for compress, end in (
            (gzip.compress, ".gz"),
            (zstandard.ZstdCompressor().compress, ".zst"),
        ):
            data = b"".join(compress(as_jsonl([row]).encode()) for row in ROWS)
            assert [TEXT, OTHER] == texts(read("a.jsonl" + end, data))

    @pytest.mark.parametrize("end", ["\n", "\r\n", " \n"])
    def test_millions_of_blank_lines(self, tmp_path, end):
        """They are passed over many at once, and lines keep their numbers."""
        blanks, line = end * 3_000_000, json.dumps({"text": TEXT}, ensure_ascii=False) + end
        data = (line + blanks + line + end * 2 + line * 3 + blanks + line).encode()
        path = tmp_path / "a.jsonl.zst"
        path.write_bytes(zstandard.ZstdCompressor().compress(data))

        ids = [source.article.id for source in read_file(path, name="a.jsonl")]
        places = [1, 3_000_002, 3_000_005, 3_000_006, 3_000_007, 6_000_008]
        assert [f"a.jsonl:{place}" for place in places] == ids
        assert sum(len(block.data) for block in blocks_of(io.BytesIO(data), "a")) < 4 << 20

    @pytest.mark.parametrize("end", [".gz", ".zst"])
    def test_damaged(self, read, end):
        """Damage is told, at the beginning, in the middle and at the end."""
        checked = zstandard.ZstdCompressor(write_checksum=True)
        compress = gzip.compress if end == ".gz" else checked.compress
        data = compress(os.urandom(5_000).hex().encode())
        for damaged in (b"nonsense", data[:-9], data[:900] + b"\xff" * 50 + data[950:]):
            assert ["a.txt" + end] == list(reasons(read("a.txt" + end, damaged)))

    @pytest.mark.parametrize("name", ["a.txt", "a.html", "a.parquet"])
    def test_bomb(self, read, name, monkeypatch):
        """A file that explodes is not read further than an article may be long."""
        monkeypatch.setattr(readers, "MAX_ARTICLE_BYTES", 1 << 20)
        bomb = gzip.compress(bytes(40 << 20))
        tracemalloc.start()
        found = reasons(read(name + ".gz", bomb))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert {name + ".gz": "larger than 1 MB"} == found
        assert peak < 8 << 20


class TestRecords:
    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("a.jsonl", as_jsonl(ROWS)),
            ("a.csv", as_csv(ROWS)),
            ("a.csv", as_csv(ROWS, delimiter="\t")),
            ("a.csv", "\ufeff" + as_csv(ROWS)),
            ("a.csv", as_csv(ROWS).encode("gb18030")),
            ("a.jsonl", as_jsonl(ROWS).encode("utf-16")),
            ("a.jsonl", as_jsonl(ROWS).encode("gb18030")),
            ("a.parquet", as_parquet(ROWS)),
        ],
    )
    def test_fields(self, read, name, data):
        """Every field arrives; a record without an id is named after its row."""
        first, second = (source.article for source in read(name, data))

        assert ("a1", TEXT, "标题", "http://example.com/1") == (
            first.id,
            first.text,
            first.title,
            first.url,
        )
        assert (name + ":2", OTHER) == (second.id, second.text)

    def test_aliases(self, read):
        """Collections name their fields in their own way."""
        rows = [{"编号": "7", "标题": "t", "正文": TEXT, "网址": "u", "发布时间": "2020年3月5日"}]
        for name, data in (("a.csv", as_csv(rows)), ("a.jsonl", as_jsonl(rows))):
            [source] = read(name, data)
            article = source.article
            assert ("7", "t", TEXT, "u") == (
                article.id,
                article.title,
                article.text,
                article.url,
            )
            assert datetime(2020, 3, 5, tzinfo=UTC) == article.published_at

    @pytest.mark.parametrize(
        "value",
        [
            "2020-03-25T08:00:00Z",
            "2020-03-25T16:00+08:00",
            "2020/3/25 08:00",
            "2020-03-25 08:00:00",
        ],
    )
    def test_times(self, read, value):
        """Times are understood as people write them; without a zone they are UTC."""
        [source] = read("a.jsonl", as_jsonl([{"text": TEXT, "published_at": value}]))

        assert datetime(2020, 3, 25, 8, tzinfo=UTC) == source.article.published_at

    def test_parquet_types(self, read):
        """Numbers are ids, timestamps are times, bytes are texts in any encoding."""
        moment = datetime(2020, 3, 25, 8, tzinfo=UTC)
        row = {"id": 7, "text": TEXT.encode("gbk"), "published_at": moment, "extra": [1]}
        [source] = read("a.parquet", as_parquet([row]))

        assert "7" == source.article.id
        assert TEXT == source.article.text
        assert moment == source.article.published_at

    def test_long_csv_field(self, read):
        """A text longer than the csv module's own limit is read."""
        assert [TEXT * 9_000] == texts(read("a.csv", as_csv([{"text": TEXT * 9_000}])))

    def test_line_in_another_encoding(self, read):
        """Collections are put together from files of all kinds, without a look at them."""
        lines = as_jsonl(ROWS[:1]).encode() * 99 + as_jsonl(ROWS[:1]).encode("gb18030")

        assert [TEXT] * 100 == texts(read("a.jsonl", lines))

    def test_bad_records_do_not_stop_the_others(self, read):
        """Each is told with its place and reason."""
        bad = '{"text": 5}\nnonsense\n[]\n{"txt": ""}\n\n{"text": "x", "published_at": "昨天"}\n'
        sources = read("a.jsonl", bad + as_jsonl(ROWS))

        assert ["a.jsonl:1", "a.jsonl:2", "a.jsonl:3", "a.jsonl:4", "a.jsonl:6"] == list(
            reasons(sources)
        )
        assert [TEXT, OTHER] == texts(sources[-2:])

    def test_endless_line(self, read, monkeypatch):
        """A line without an end is passed over, not held in memory."""
        monkeypatch.setattr(json_lines, "MAX_ARTICLE_BYTES", 10_000)
        sources = read("a.jsonl", as_jsonl(ROWS) + "x" * 300_000 + "\n" + as_jsonl(ROWS))

        assert ["a.jsonl:3"] == list(reasons(sources))
        assert [TEXT, OTHER] == texts(sources[:2]) == texts(sources[3:])

    def test_unclosed_quote(self, read, monkeypatch):
        """A table that never closes a quotation mark ends in reasons."""
        for module in (lines, readers):
            monkeypatch.setattr(module, "MAX_ARTICLE_BYTES", 10_000)
        sources = read("a.csv", 'id,text\n1,"' + (TEXT + "\n") * 2_000)

        assert reasons(sources)

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("a.csv", "name,age\nx,1\n"),
            ("a.parquet", as_parquet([{"name": "x"}])),
            ("a.parquet", b"PAR1 nonsense PAR1"),
            ("a.parquet", as_parquet(ROWS)[:-20]),
            ("a.jsonl", os.urandom(5_000)),
            ("a.csv", bytes(range(256)) * 20),
        ],
    )
    def test_no_table(self, read, name, data):
        """What is no table of articles is one reason, not one a row."""
        assert [name] == list(reasons(read(name, data)))

    @given(data=st.binary() | st.text().map(str.encode), suffix=st.sampled_from(readers.SUFFIXES))
    def test_nothing_raises(self, tmp_path_factory, data, suffix):
        """Any bytes under any name are articles and reasons."""
        path = tmp_path_factory.getbasetemp() / f"any{suffix}"
        path.write_bytes(data)
        for source in read_file(path, name=path.name):
            assert isinstance(source, SourceArticle | UnreadableSource)


class TestFolders:
    def test_order(self, tmp_path):
        """Files by name, then folders by name, whatever the file system says."""
        for name in ("b.txt", "a.txt", "z/a.txt", "c/b.txt", "c/a/a.txt", ".git/a.txt", ".a.txt"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(TEXT)

        assert ["a.txt", "b.txt", "c/b.txt", "c/a/a.txt", "z/a.txt"] == [
            source.path for source in read_folder(tmp_path)
        ]

    def test_what_is_no_regular_file(self, tmp_path):
        """Pipes, folders and links to nowhere are told, and nothing is waited for."""
        os.mkfifo(tmp_path / "pipe.txt")
        (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
        (tmp_path / "zero.txt").symlink_to("/dev/zero")
        (tmp_path / "circle.txt").symlink_to(tmp_path)
        (tmp_path / "picture.png").write_bytes(b"\x89PNG")

        found = reasons(read_folder(tmp_path))

        assert {"pipe.txt", "gone.txt", "zero.txt", "circle.txt", "picture.png"} == set(found)
        assert "not a regular file" == found["pipe.txt"] == found["zero.txt"]

    def test_unreadable_folder(self, tmp_path):
        """A folder that is not there, or not ours, is a reason as well."""
        assert [UnreadableSource(".", "No such file or directory")] == list(
            read_folder(tmp_path / "nowhere")
        )

    def test_names_in_gbk(self, tmp_path):
        """Names out of an old archive become the characters that they were."""
        name = "新闻稿件第一篇.txt"
        (tmp_path / os.fsdecode(name.encode("gbk"))).write_text(TEXT)
        [source] = read_folder(tmp_path)

        assert name == source.path == source.article.id

    def test_deep_folders(self, tmp_path):
        """Depth is no recursion."""
        deep = tmp_path
        for _ in range(1_500):
            deep /= "d"
            deep.mkdir()
        (deep / "a.txt").write_text(TEXT)

        assert 1 == len(list(read_folder(tmp_path)))
        subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # pytest cannot: it recurses


def test_pyarrow_is_imported_when_needed():
    """Scanning text does not wait for what only Parquet needs."""
    code = "import sys, dedup.batch.readers; sys.exit('pyarrow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
