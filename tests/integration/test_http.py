"""The service over HTTP, in this process: fields, codes and hostile input."""

import gzip
import json
import re
import threading

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.problems import problem_of
from app.settings import Settings
from dedup import DedupError, errors, replay
from dedup.models import DamageKind, Edit, Step

JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def client(tmp_path):
    settings = Settings(store=str(tmp_path / "store"), max_body_bytes=1 << 20)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def assert_problem(response, status, code):
    body = response.json()
    assert (status, code) == (response.status_code, body.get("code"))
    assert response.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "code", "detail"} == set(body)
    assert status == body["status"]
    assert "Traceback" not in response.text


class TestCheck:
    def test_answer_has_every_field(self, client, seeds):
        """An answer carries what the contract names, and nothing that was not asked for."""
        original = {
            "text": seeds["004"],
            "id": "a4",
            "title": "我们多跑腿",
            "url": "https://example.org/4",
            "published_at": "2020-03-11T09:55:00+08:00",
        }
        client.post("/check", json=original)
        answer = client.post("/check", json={"text": seeds["000"], "id": "a17"}).json()

        assert {
            "id", "verdict", "cluster_id", "too_short", "promoted", "replaces", "original",
            "jaccard", "containment", "coverage", "matches", "damage",
        } == set(answer)  # fmt: skip
        assert ("a17", "garbled_mirror", False, None) == tuple(
            answer[name] for name in ("id", "verdict", "promoted", "replaces")
        )
        first_seen = answer["original"].pop("first_seen")
        assert first_seen.endswith("Z")
        del original["text"]
        assert original == answer["original"]
        assert {"id", "verdict", "jaccard", "containment", "coverage"} == set(answer["matches"][0])
        assert {"damaged", "score", "kinds"} == set(answer["damage"])

    def test_evidence_on_request(self, client, seeds):
        """Passages, differences and the repaired text come when asked for."""
        client.post("/check", json={"text": seeds["004"], "id": "a4"})
        body = {"text": seeds["000"], "passages": True, "repaired": True, "remember": False}
        answer = client.post("/check", json=body).json()

        [match] = answer["matches"]
        assert {"substituted", "dropped", "inserted", "moved"} == set(match["differences"])
        assert {"start", "end", "original_start", "original_end"} == set(match["passages"][0])
        assert "(guó)" not in answer["repaired"]

    def test_anchors(self, client, seeds):
        """Lines of the original are told where they begin in both texts."""
        client.post("/check", json={"text": seeds["004"], "id": "a4"})
        body = {"text": seeds["000"], "passages": True, "remember": False}
        [match] = client.post("/check", json=body).json()["matches"]

        anchors = match["anchors"]
        assert len(anchors) > 30
        starts = [tuple(anchor.values()) for anchor in anchors]
        assert starts == sorted(starts)
        for anchor in anchors:
            before = re.split(r"[。！？\n]", seeds["004"][: anchor["original_start"]])[-1]
            assert not re.search(r"\w", before)  # only marks stand between it and the line's start
        [scene] = [a for a in anchors if seeds["004"].startswith("场景：云南", a["original_start"])]
        assert seeds["000"].startswith("場", scene["start"])

    def test_damage_marks(self, client):
        """Marks tell where the damage is in the text as received."""
        text = "  中國(guó)臺(tái)灣網(wǎng)移動(dòng)版，復(fù)工復(fù)產(chǎn)" + "與人民" * 20
        answer = client.post("/check", json={"text": text, "damage_marks": True}).json()

        marks = answer["damage"]["marks"]
        assert {"pinyin_annotation"} == {mark["kind"] for mark in marks}
        assert ["(guó)", "(tái)", "(wǎng)"] == [
            text[mark["start"] : mark["end"]] for mark in marks[:3]
        ]
        assert {""} == {mark["replacement"] for mark in marks}

    def test_main_text(self, client):
        """Of a page the text that was compared comes with its places in the markup."""
        prose = "　　為有序落實分區分級精準防控策略，推動企業復工復產。" * 9
        page = (
            f"<!DOCTYPE html><html><body><p>一&amp;二{prose}</p><p>{prose[::-1]}</p></body></html>"
        )
        answer = client.post("/check", json={"text": page, "main_text": True}).json()

        main_text, stretches = answer["main_text"]["text"], answer["main_text"]["stretches"]
        assert main_text.startswith("一&二")
        ends = [stretch["start"] for stretch in stretches[1:]] + [len(main_text)]
        written = 0
        for stretch, end in zip(stretches, ends, strict=True):
            start, received = stretch["start"], stretch["received_start"]
            written += main_text[start:end] == page[received : received + end - start]
        assert written >= len(stretches) - 2  # the reference and the break between paragraphs

    def test_repaired_text_and_its_places(self, client, seeds):
        """What is left of a text after its repair comes with its places in the text."""
        text = seeds["000"]
        answer = client.post("/check", json={"text": text, "main_text": True, "repaired": True})

        repaired = answer.json()["repaired"]
        stretches = answer.json()["main_text"]["repaired_stretches"]
        assert sorted(stretches, key=lambda one: one["start"]) == stretches
        assert sorted(stretches, key=lambda one: one["received_start"]) == stretches
        ends = [stretch["start"] for stretch in stretches[1:]] + [len(repaired)]
        unchanged = 0
        for stretch, end in zip(stretches, ends, strict=True):
            start, received = stretch["start"], stretch["received_start"]
            pairs = zip(repaired[start:end], text[received : received + end - start], strict=True)
            unchanged += sum(now == before for now, before in pairs)
        assert 0.95 < unchanged / len(repaired) < 1  # shifted runs are other characters

    def test_raw_bytes_come_back_decoded(self, client, seeds):
        """Whoever sends bytes can ask for the text in which offsets count."""
        answer = client.post(
            "/check?main_text=true", content=seeds["002"].encode("gb18030"), headers=TEXT
        ).json()

        assert seeds["002"] == answer["main_text"]["text"]
        assert [{"start": 0, "received_start": 0}] == answer["main_text"]["stretches"]

    def test_promotion(self, client, seeds):
        """In the other order of arrival the sound article takes its mirror's place."""
        first = client.post("/check", json={"text": seeds["000"], "id": "a0"}).json()
        second = client.post("/check", json={"text": seeds["004"], "id": "a4"}).json()

        assert ("new", "reprint") == (first["verdict"], second["verdict"])
        assert (True, "a0") == (second["promoted"], second["replaces"])
        cluster = client.get(f"/clusters/{first['cluster_id']}").json()
        assert "a4" == cluster["original"]["id"]
        assert [("a0", "garbled_mirror")] == [(c["id"], c["verdict"]) for c in cluster["copies"]]

    def test_raw_text(self, client, seeds):
        """A raw body is decoded as declared or detected; options are in the query."""
        client.post("/check", json={"text": seeds["002"], "id": "a2"})
        for charset, declared in [("gb18030", "; charset=gb2312"), ("gb18030", ""), ("utf-16", "")]:
            response = client.post(
                "/check",
                params={"id": charset + declared, "remember": "false"},
                content=seeds["002"].encode(charset),
                headers={"Content-Type": f"text/plain{declared}"},
            )
            assert ("exact", "a2") == (
                response.json()["verdict"], response.json()["original"]["id"],
            )  # fmt: skip

    def test_page(self, client, seeds):
        """Of a raw page in GBK the main text is compared; offsets count in its markup."""
        client.post("/check", json={"text": seeds["004"], "id": "a4"})
        paragraphs = "".join(f"<p>{line.strip()}</p>\n" for line in seeds["004"].split("\n"))
        page = (
            '<!DOCTYPE html><html><head><meta charset="gb2312"><title>新闻</title></head><body>'
            '<ul class="nav"><li><a href="/">首页</a></li><li><a href="/a">财经</a></li></ul>'
            f'<div class="article">{paragraphs}</div><div id="footer">版权所有 &copy; 某某网</div>'
            "<script>document.write('<p>广告</p>')</script></body></html>"
        )
        answer = client.post(
            "/check",
            params={"id": "page", "passages": "true"},
            content=page.encode("gb18030"),
            headers={"Content-Type": "text/html"},
        ).json()

        assert answer["verdict"] in {"exact", "reprint"}
        assert "a4" == answer["original"]["id"]
        passage = answer["matches"][0]["passages"][0]
        assert page[passage["start"] :].startswith("核心阅读</p>")
        assert seeds["004"][passage["original_start"] :].startswith("核心阅读")
        assert page == client.get("/articles/page").json()["text"]
        again = client.post("/check", json={"text": seeds["004"], "id": "b"}).json()
        assert answer["cluster_id"] == again["cluster_id"]

    def test_gzip(self, client, seeds):
        """A compressed body is as good as a plain one."""
        body = gzip.compress(seeds["002"].encode())
        response = client.post("/check", content=body, headers=TEXT | {"Content-Encoding": "gzip"})

        assert "new" == response.json()["verdict"]

    def test_too_short(self, client):
        """Three characters are an article, told to be too short to compare."""
        answer = client.post("/check", json={"text": "复工了"}).json()

        assert ("new", True) == (answer["verdict"], answer["too_short"])

    def test_simultaneous_copies(self, client, seeds):
        """Of simultaneous first copies exactly one is the original."""
        verdicts = []

        def send(number):
            body = {"text": seeds["004"] + f"（第{number}版）", "id": f"v{number}"}
            verdicts.append(client.post("/check", json=body).json()["verdict"])

        threads = [threading.Thread(target=send, args=[number]) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert ["new"] + ["reprint"] * 11 == sorted(verdicts)


class TestCheckRefuses:
    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"", 400, "malformed_request"),
            (b'{"text": "abc', 400, "malformed_request"),
            (b"[" * 100_000, 400, "malformed_request"),
            ('{"text": "复工"}'.encode("gbk"), 400, "undecodable_text"),
            (rb'{"text": "a\ud800b"}', 400, "undecodable_text"),
            (b"[]", 422, "invalid_field"),
            (b"{}", 422, "invalid_field"),
            (b'{"text": 5}', 422, "invalid_field"),
            (b'{"text": null}', 422, "invalid_field"),
            (b'{"text": "abc", "txet": ""}', 422, "invalid_field"),
            (b'{"text": "abc", "id": ""}', 422, "invalid_field"),
            (b'{"text": "abc", "id": "a\\nb"}', 422, "invalid_field"),
            (b'{"text": "abc", "remember": "yes"}', 422, "invalid_field"),
            (b'{"text": "abc", "format": "pdf"}', 422, "invalid_field"),
            (b'{"text": "abc", "published_at": "yesterday"}', 422, "invalid_field"),
            (b'{"text": "abc", "published_at": "2020-03-11T09:55:00"}', 422, "invalid_field"),
            (b'{"text": ""}', 422, "empty_text"),
            ('{"text": "……"}'.encode(), 422, "empty_text"),
            (b'{"text": "' + b"x" * (1 << 20) + b'"}', 413, "too_large"),
        ],
    )
    def test_bad_bodies(self, client, body, status, code):
        """Each kind of bad input has its documented answer, and nothing is remembered."""
        assert_problem(client.post("/check", content=body, headers=JSON), status, code)
        assert 0 == client.app.state.service.dedup.stats().articles

    def test_nul_is_text(self, client):
        """NUL is a character."""
        answer = client.post("/check", json={"text": "复工\0复产", "id": "nul"})

        assert 200 == answer.status_code
        assert "复工\0复产" == client.get("/articles/nul").json()["text"]

    def test_binary(self, client):
        """Bytes that are no text are refused."""
        body = bytes(range(256)) * 8
        assert_problem(client.post("/check", content=body, headers=TEXT), 400, "undecodable_text")

    @pytest.mark.parametrize("media_type", ["image/png", "", "application/x-www-form-urlencoded"])
    def test_other_media_types(self, client, media_type):
        """Only text and JSON are taken."""
        response = client.post("/check", content=b"abc", headers={"Content-Type": media_type})
        assert_problem(response, 415, "unsupported_media_type")

    def test_compression_bomb(self, client):
        """A small body that swells beyond the limit is too large."""
        bomb = gzip.compress(b"x" * (64 << 20))
        response = client.post("/check", content=bomb, headers=TEXT | {"Content-Encoding": "gzip"})
        assert_problem(response, 413, "too_large")

    @pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"abc" * 1000, mtime=0)[:-9]])
    def test_damaged_compression(self, client, body):
        """A damaged body is malformed."""
        response = client.post("/check", content=body, headers=TEXT | {"Content-Encoding": "gzip"})
        assert_problem(response, 400, "malformed_request")

    def test_unknown_query_parameter(self, client):
        """A misspelt option is an error, not a default."""
        response = client.post("/check", params={"rember": "1"}, content=b"abc", headers=TEXT)
        assert_problem(response, 422, "invalid_field")

    def test_id_conflict(self, client):
        """A known id with another text is a conflict."""
        client.post("/check", json={"text": "复工", "id": "a"})
        assert_problem(client.post("/check", json={"text": "复产", "id": "a"}), 409, "id_conflict")


class TestArticles:
    def test_comes_back_as_received(self, client, seeds):
        """The text is returned code point for code point."""
        client.post("/check", json={"text": seeds["000"], "id": "news/2020/000.txt"})
        answer = client.get("/articles/news/2020/000.txt").json()

        assert seeds["000"] == answer["text"]
        assert ("new", None) == (answer["verdict"], answer["original"])

    def test_delete(self, client):
        """A deleted article is gone."""
        client.post("/check", json={"text": "复工复产", "id": "a"})

        assert 204 == client.delete("/articles/a").status_code
        assert_problem(client.get("/articles/a"), 404, "not_found")
        assert_problem(client.delete("/articles/a"), 404, "not_found")

    def test_cluster_pages(self, client, seeds):
        """A cluster's copies come page by page, each once."""
        for number in range(6):
            answer = client.post("/check", json={"text": seeds["004"], "id": f"a{number}"})
        path = f"/clusters/{answer.json()['cluster_id']}"
        ids, cursor = [], "0"
        while cursor:
            page = client.get(path, params={"cursor": cursor, "limit": 2}).json()
            assert (6, "a0") == (page["size"], page["original"]["id"])
            ids += [copy["id"] for copy in page["copies"]]
            cursor = page["next_cursor"]

        assert [f"a{number}" for number in range(1, 6)] == ids
        assert_problem(client.get(path, params={"cursor": "x"}), 422, "invalid_field")
        assert_problem(client.get("/clusters/nobody"), 404, "not_found")


class TestPut:
    def test_replaces_the_text(self, client, seeds):
        """A known id gets another text, checked anew, in one step."""
        client.post("/check", json={"text": seeds["004"], "id": "a4"})
        client.post("/check", json={"text": seeds["002"], "id": "a"})
        answer = client.put("/articles/a", json={"text": seeds["000"], "title": "新"}).json()

        assert ("a", "garbled_mirror", "a4") == (
            answer["id"], answer["verdict"], answer["original"]["id"],
        )  # fmt: skip
        assert ("新", seeds["000"]) == tuple(
            client.get("/articles/a").json()[name] for name in ("title", "text")
        )
        assert "new" == client.post("/check", json={"text": seeds["002"]}).json()["verdict"]

    def test_original_of_others(self, client, seeds):
        """The copies of a replaced original keep their cluster, and the new text may join it."""
        first = client.post("/check", json={"text": seeds["004"], "id": "a"}).json()
        client.post("/check", json={"text": seeds["000"], "id": "b"})
        answer = client.put("/articles/a", json={"text": seeds["004"] + "（完）"}).json()

        assert first["cluster_id"] == answer["cluster_id"]
        assert ("reprint", True, "b") == (
            answer["verdict"], answer["promoted"], answer["replaces"],
        )  # fmt: skip

    def test_unknown_id(self, client, seeds):
        """An id that is not known is simply remembered; the same text again changes nothing."""
        first = client.put("/articles/a", json={"text": seeds["002"]}).json()

        assert "new" == first["verdict"]
        assert first == client.put("/articles/a", json={"text": seeds["002"]}).json()

    def test_refuses(self, client):
        """The id is in the path alone."""
        response = client.put("/articles/a", json={"text": "复工", "id": "b"})
        assert_problem(response, 422, "invalid_field")


class TestLists:
    def test_articles_by_page_and_url(self, client):
        """All articles in order, or those of one address."""
        for number in range(5):
            body = {"text": f"第{number}号消息", "id": str(number), "url": f"u{number % 2}"}
            client.post("/check", json=body)
        ids, cursor = [], None
        while True:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = client.get("/articles", params=params).json()
            ids += [article["id"] for article in page["articles"]]
            if (cursor := page["next_cursor"]) is None:
                break

        assert ["0", "1", "2", "3", "4"] == ids
        page = client.get("/articles", params={"title": "复工"}).json()
        assert [] == page["articles"]
        both = client.get("/articles", params={"title": "复工", "url": "u1"})
        assert_problem(both, 422, "invalid_field")
        page = client.get("/articles", params={"url": "u1"}).json()
        assert ["1", "3"] == [article["id"] for article in page["articles"]]

    @pytest.mark.parametrize(
        ("order", "expected"), [("size", [3, 2, 2, 1, 1]), ("time", [1, 2, 3, 1, 2])]
    )
    def test_clusters_by_page(self, client, order, expected):
        """The largest or the newest cluster comes first, each exactly once."""
        for cluster, size in enumerate([2, 1, 3, 2, 1]):
            for number in range(size):
                body = {"text": f"第{cluster}号消息", "id": f"{cluster}-{number}"}
                client.post("/check", json=body)
        clusters, cursor = [], None
        while True:
            params = {"order": order, "limit": 2} | ({"cursor": cursor} if cursor else {})
            page = client.get("/clusters", params=params).json()
            clusters += page["clusters"]
            if (cursor := page["next_cursor"]) is None:
                break

        assert expected == [cluster["size"] for cluster in clusters]
        assert 5 == len({cluster["cluster_id"] for cluster in clusters})

    @pytest.mark.parametrize("path", ["/articles", "/clusters"])
    @pytest.mark.parametrize("cursor", ["x", "1.2.3", "-1", "9" * 30, "1e3"])
    def test_foreign_cursors(self, client, path, cursor):
        """A cursor that this list did not give is refused."""
        assert_problem(client.get(path, params={"cursor": cursor}), 422, "invalid_field")


class TestEditor:
    @pytest.fixture
    def cluster(self, client, seeds):
        answer = client.post("/check", json={"text": seeds["000"], "id": "damaged"}).json()
        client.post("/check", json={"text": seeds["000"] + "（完）", "id": "other"})
        return f"/clusters/{answer['cluster_id']}"

    def test_pinned_original_stays(self, client, cluster, seeds):
        """What an editor pinned is not promoted away."""
        answer = client.patch(cluster, json={"pin": "other"}).json()
        assert ("other", True) == (answer["original"]["id"], answer["pinned"])

        check = client.post("/check", json={"text": seeds["004"], "id": "sound"}).json()

        assert (False, "other") == (check["promoted"], check["original"]["id"])
        assert "other" == client.get(cluster).json()["original"]["id"]

    def test_not_a_copy(self, client, cluster, seeds):
        """What is no copy leaves, and its text never comes back to the cluster."""
        answer = client.patch(cluster, json={"not_a_copy": "other"}).json()
        assert (1, []) == (answer["size"], answer["copies"])

        left = client.get("/articles/other").json()
        assert ("new", None) == (left["verdict"], left["original"])
        again = client.post("/check", json={"text": seeds["000"] + "（完）", "id": "x"}).json()
        assert "other" == again["original"]["id"]
        assert ["other"] == [match["id"] for match in again["matches"]]

    def test_original_that_is_no_copy(self, client, cluster):
        """When the original leaves, its best copy answers for the rest."""
        answer = client.patch(cluster, json={"not_a_copy": "damaged"}).json()

        assert ("other", 1) == (answer["original"]["id"], answer["size"])

    def test_refuses(self, client, cluster):
        """One decision at a time, on members only."""
        for body in ({}, {"pin": "other", "not_a_copy": "other"}, {"pin": ""}):
            assert_problem(client.patch(cluster, json=body), 422, "invalid_field")
        assert_problem(client.patch(cluster, json={"pin": "nobody"}), 404, "not_found")
        assert_problem(client.patch("/clusters/none", json={"pin": "other"}), 404, "not_found")


class TestChanges:
    def test_in_order(self, client, seeds):
        """Promotions, decisions, hand-overs and removals, and nothing else."""
        client.post("/check", json={"text": seeds["000"], "id": "a0"})
        answer = client.post("/check", json={"text": seeds["004"], "id": "a4"}).json()
        cluster = answer["cluster_id"]
        client.patch(f"/clusters/{cluster}", json={"pin": "a0"})
        client.patch(f"/clusters/{cluster}", json={"not_a_copy": "a4"})
        client.post("/check", json={"text": seeds["000"], "id": "copy"})
        client.delete("/articles/a0")

        first = client.get("/changes", params={"limit": 2}).json()
        rest = client.get("/changes", params={"since": first["next_since"]}).json()

        assert [
            ("promote", "a4", "a0"),
            ("pin", "a0", "a4"),
            ("leave", "a4", None),
            ("hand_over", "copy", "a0"),
            ("remove", "a0", None),
        ] == [
            (change["operation"], change["article_id"], change["former_id"])
            for change in first["changes"] + rest["changes"]
        ]
        end = client.get("/changes", params={"since": rest["next_since"]}).json()
        assert ([], rest["next_since"]) == (end["changes"], end["next_since"])


class TestBatch:
    def send(self, client, *lines, **options):
        body = b"".join(
            (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n"
            for line in lines
        )
        headers = {"Content-Type": "application/x-ndjson"} | options.pop("headers", {})
        if headers.get("Content-Encoding") == "gzip":
            body = gzip.compress(body)
        response = client.post("/check/batch", content=body, headers=headers)
        assert 200 == response.status_code
        return [json.loads(line) for line in response.text.splitlines()]

    def test_a_line_sees_those_before_it(self, client, seeds):
        """Copies within a batch are found, and a bad line is answered in its place."""
        answers = self.send(
            client,
            {"text": seeds["004"], "id": "a4"},
            {"text": seeds["000"], "id": "a0"},
            b"{nonsense",
            {"text": ""},
            {"text": seeds["002"], "id": "a4"},
            {"text": seeds["000"], "remember": False, "passages": True, "repaired": True},
            {"text": seeds["002"], "id": "a2"},
            b"",
            {"text": seeds["002"], "id": "x" * 5, "txet": 1},
        )

        assert [
            "new", "garbled_mirror", "malformed_request", "empty_text", "id_conflict",
            "garbled_mirror", "new", "invalid_field",
        ] == [answer.get("code") or answer["verdict"] for answer in answers]  # fmt: skip
        assert answers[5]["matches"][0]["passages"]
        assert "(guó)" not in answers[5]["repaired"]
        assert 3 == client.app.state.service.dedup.stats().articles

    def test_many_lines(self, client):
        """Hundreds of lines keep their order, each with its answer, compressed or not."""
        lines = [{"text": f"第{number}号消息", "id": str(number)} for number in range(500)]
        answers = self.send(client, *lines)

        assert [str(number) for number in range(500)] == [answer["id"] for answer in answers]
        assert answers == self.send(client, *lines, headers={"Content-Encoding": "gzip"})

    def test_line_beyond_the_limit(self, client):
        """A line that is too large is answered in its place."""
        lines = [{"text": "复工"}, {"text": "复" * (1 << 20)}, {"text": "复产"}]

        assert ["new", "too_large", "new"] == [
            answer.get("code") or answer["verdict"] for answer in self.send(client, *lines)
        ]

    def test_damaged_compression(self, client):
        """A stream that cannot be read on ends with a problem."""
        response = client.post(
            "/check/batch",
            content=b"no gzip",
            headers={"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"},
        )
        assert "malformed_request" == response.json()["code"]

    def test_other_media_type(self, client):
        """A JSON array is no stream of lines."""
        assert_problem(client.post("/check/batch", json=[]), 415, "unsupported_media_type")


class TestRepair:
    def test_steps_replay(self, client, seeds):
        """The steps lead from the text to the repaired one."""
        answer = client.post("/repair", json={"text": seeds["000"]}).json()
        steps = [
            Step(step["repair"], DamageKind(step["kind"]), tuple(Edit(**e) for e in step["edits"]))
            for step in answer["steps"]
        ]

        assert answer["damage"]["damaged"]
        assert answer["text"] == replay(seeds["000"], steps)

    def test_clean_text(self, client, seeds):
        """Undamaged text comes back identical."""
        answer = client.post("/repair", json={"text": seeds["004"]}).json()

        assert (seeds["004"], [], False) == (
            answer["text"], answer["steps"], answer["damage"]["damaged"],
        )  # fmt: skip

    def test_page(self, client, seeds):
        """Of a page the main text is repaired, as for a check."""
        paragraphs = "".join(f"<p>{line}</p>" for line in seeds["000"].splitlines() if line)
        page = f"<html><body><div class=nav>首页</div><div>{paragraphs}</div></body></html>"
        asked = {"text": page, "repaired": True, "remember": False}

        answer = client.post("/repair", json={"text": page}).json()
        checked = client.post("/check", json=asked).json()

        assert (answer["text"], answer["damage"]) == (checked["repaired"], checked["damage"])
        assert client.post("/repair", json={"text": page, "format": "text"}).json() != answer


class TestOperations:
    def test_health_and_version(self, client):
        """The service tells how it is and what it runs with."""
        assert {"status": "live"} == client.get("/health/live").json()
        assert {"status": "ready"} == client.get("/health/ready").json()
        version = client.get("/version").json()
        assert (5, 0.6) == (version["k"], version["thresholds"]["copy"])
        assert "affine32" in version["scheme"]

    def test_not_ready(self, tmp_path):
        """Before the store is open only liveness is answered."""
        client = TestClient(create_app(Settings(store=str(tmp_path / "store"))))

        assert 200 == client.get("/health/live").status_code
        response = client.get("/health/ready")
        assert_problem(response, 503, "not_ready")
        assert response.headers["retry-after"]

    def test_unknown_paths_and_methods(self, client):
        """What the router refuses is a problem too."""
        assert_problem(client.get("/nowhere"), 404, "not_found")
        assert_problem(client.put("/check"), 405, "method_not_allowed")
        response = client.patch("/articles/a")
        assert_problem(response, 405, "method_not_allowed")
        assert "DELETE, GET, PUT" == response.headers["allow"]

    def test_openapi(self, client):
        """The document describes every route and its problems."""
        document = client.get("/openapi.json").json()

        assert {
            "/check", "/check/batch", "/repair", "/articles", "/articles/{article_id}", "/clusters",
            "/clusters/{cluster_id}", "/changes", "/health/live", "/health/ready", "/metrics",
            "/version",
        } == set(document["paths"])  # fmt: skip
        responses = document["paths"]["/check"]["post"]["responses"]
        assert "application/problem+json" in responses["422"]["content"]


def test_every_error_has_a_problem():
    """No error of the library can reach a client without a code and a status."""
    kinds = [getattr(errors, name) for name in errors.__all__]

    assert all(issubclass(kind, DedupError) for kind in kinds)
    assert all(problem_of(kind("")).status >= 400 for kind in kinds)


def test_unexpected_errors_tell_nothing(client, monkeypatch):
    """A bug is answered without its traceback."""

    def fail(*args):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(client.app.state.service.dedup, "survey_many", fail)
    response = client.post("/check", json={"text": "复工复产"})

    assert_problem(response, 500, "internal_error")
    assert "secret" not in response.text
