"""The console in a browser: what people do with it, and what articles may try."""

import json
import time
from urllib.parse import quote

import pytest
from prometheus_client.parser import text_string_to_metric_families
from server import Server

from dedup import Article, Deduplicator

DARK = {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def check(page, text):
    page.get_by_label("Article", exact=True).fill(text)
    page.get_by_role("button", name="Check", exact=True).click()
    page.locator(".panes .block").first.wait_for()


def post(service, path, body):
    return json.loads(service.send("POST", path, json.dumps(body).encode()))


class TestCheck:
    def test_garbled_mirror_with_linked_passages(self, visit, seeds, picture):
        """Seed 000 is a garbled mirror of 004; a passage of either leads to the other's."""
        page = visit().open()
        check(page, seeds["000"])

        page.get_by_text("A damaged copy of 我们多跑腿，让企业少跑路").wait_for()
        left, right = page.locator(".pane .text").all()
        page.locator(".pane .passage").first.wait_for()
        assert left.locator(".passage").count() == right.locator(".passage").count() > 30

        passage = left.locator(".passage").nth(20)
        number = passage.get_attribute("data-passage")
        passage.click()
        like = right.locator(f'[data-passage="{number}"]')
        assert "active" in like.get_attribute("class")
        frame, place = right.bounding_box(), like.bounding_box()
        assert frame["y"] <= place["y"] < frame["y"] + frame["height"]
        assert passage.inner_text()[-6:-1] != ""
        picture(page, "console-check", at="#result")

    def test_damage_by_kind_and_repaired_text(self, visit, seeds):
        """Damage is marked by kind, can be switched off, and is gone in the repaired text."""
        page = visit().open()
        check(page, seeds["000"])

        left = page.locator(".pane .text").first
        assert "(guó)" in left.locator(".damage.pinyin_annotation").all_inner_texts()
        assert left.locator(".damage.gbk_shift").count() > 5
        page.get_by_role("button", name="GBK shift").click()
        assert 0 == left.locator(".damage.gbk_shift:not(.off)").count()

        page.get_by_role("button", name="Repaired").click()
        assert "(guó)" not in left.inner_text()
        page.get_by_role("button", name="As received").click()
        assert "(guó)" in left.inner_text()

    def test_passages_of_the_repaired_text(self, visit, seeds):
        """In the repaired text the same passages lead to the original, word for word."""
        page = visit().open()
        check(page, seeds["000"])
        left, right = page.locator(".pane .text").all()
        count = left.locator(".passage").count()

        page.get_by_role("button", name="Repaired").click()
        assert count == left.locator(".passage").count() == right.locator(".passage").count()
        passage = left.locator(".passage", has_text="馬虎。”李欣然和同事劉子龍")
        passage.click()
        number = passage.get_attribute("data-passage")
        like = right.locator(f'[data-passage="{number}"]')
        assert "active" in like.get_attribute("class")
        assert "马虎。”李欣然和同事刘子龙" in like.inner_text()
        assert abs(len(passage.inner_text()) - len(like.inner_text())) < 10
        page.get_by_role("button", name="As received").click()
        assert "active" in left.locator(f'[data-passage="{number}"]').get_attribute("class")

    def test_keyboard(self, visit, seeds):
        """Passages are reached, walked through and followed without a pointer."""
        page = visit().open()
        check(page, seeds["000"])

        first = page.locator(".pane .passage").first
        first.focus()
        page.keyboard.press("ArrowDown")
        focused = "document.activeElement.dataset.passage"
        assert "1" == page.evaluate(focused)
        page.keyboard.press("Enter")
        assert "1" == page.evaluate(focused)
        in_right = "document.querySelectorAll('.pane')[1].contains(document.activeElement)"
        assert page.evaluate(in_right)
        page.get_by_role("button", name="Next passage").click()
        assert "Passage 3 of" in page.locator("#announcer").inner_text()

    def test_files_are_sent_as_they_are(self, visit, seeds, tmp_path):
        """A raw GBK page is recognised by the service, and shown as the text that it is."""
        body = "".join(f"<p>{line}</p>" for line in seeds["004"].replace("\xa0", " ").splitlines())
        markup = f"<html><head><title>转载</title></head><body>{body}</body></html>".encode("gbk")
        (tmp_path / "mirror.html").write_bytes(markup)
        (tmp_path / "plain.txt").write_bytes(seeds["002"].replace("\xa0", " ").encode("gbk"))
        page = visit().open()

        with page.expect_request("**/check?*") as sent:
            page.locator("input[type=file]").set_input_files(tmp_path / "mirror.html")
        assert str(len(markup)) == sent.value.all_headers()["content-length"]
        assert "text/html" == sent.value.headers["content-type"]
        page.get_by_text("The same text as").wait_for()
        shown = page.locator(".pane .text").first.inner_text()
        assert "为有序落实分区分级精准防控策略" in shown
        assert "<p>" not in shown

        page.locator("input[type=file]").set_input_files(tmp_path / "plain.txt")
        page.get_by_role("heading", name="plain.txt").wait_for()

    def test_remembered_article_can_be_opened(self, visit):
        """An article that is remembered is a known one from then on."""
        page = visit().open()
        page.get_by_label("Remember it").check()
        check(
            page,
            "今天上午，记者从市防控办获悉，全市重点工程已经全部恢复施工，有关部门正在加紧推进。",
        )
        page.get_by_text("Remembered as x").wait_for()
        page.get_by_role("link", name="Open the article").click()
        page.get_by_text("Original of its cluster").wait_for()

    def test_problems_are_told_in_words(self, visit):
        """What the service refuses is explained beside the form."""
        page = visit().open()
        page.get_by_label("Article", exact=True).fill("！！！")
        page.get_by_role("button", name="Check", exact=True).click()
        page.get_by_text("There is no letter and no digit in this text.").wait_for()


class TestClusters:
    def test_browse(self, visit, picture):
        """From the largest cluster to its sites and copies, and to one beside the original."""
        page = visit().open("#/clusters")
        page.get_by_role("link", name="复工复产“加速度”").click()
        page.get_by_text("mirror2.example.com").first.wait_for()
        page.get_by_role("img", name="Copies over time").wait_for()
        assert page.locator(".rows .virtual").count() >= 10
        picture(page, "console-cluster")

        page.get_by_label("Filter by title, id, address").fill("copy-7")
        page.get_by_role("link", name="转载：复工复产（7）").click()
        page.locator(".pane .passage").first.wait_for()
        page.get_by_role("button", name="Not a copy").wait_for()

    def test_editing(self, visit, service, seeds):
        """Pin, not a copy and delete ask first, and then hold."""
        text = seeds["003"][:1500]
        for name in ("founder", "second", "third"):
            post(service, "/check", {"id": f"edit/{name}", "text": text + "完" * 20})
        page = visit().open(f"#/articles/{quote('edit/second', safe='')}")

        page.get_by_role("button", name="Pin as the original").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        assert "edit/founder" == service.get("/articles/edit/second")["original"]["id"]
        page.get_by_role("button", name="Pin as the original").click()
        page.get_by_role("dialog").get_by_role("button", name="Pin").click()
        page.get_by_role("main").get_by_text("It is the original from now on.").wait_for()
        assert service.get("/articles/edit/second")["original"] is None

        page.goto(f"{service.address}/#/articles/{quote('edit/third', safe='')}")
        page.get_by_role("button", name="Not a copy").click()
        page.get_by_role("dialog").get_by_role("button", name="Not a copy").click()
        page.get_by_role("main").get_by_text("It has a cluster of its own").wait_for()
        assert service.get("/articles/edit/third")["original"] is None

        page.get_by_role("button", name="Delete…").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        page.get_by_role("main").get_by_text("edit/third was deleted.").wait_for()
        ids = [known["id"] for known in service.get("/articles")["articles"]]
        assert "edit/third" not in ids

    def test_ten_thousand_copies(self, visit, seeds, tmp_path):
        """Of a long list only the rows in sight are drawn, and all can be filtered."""
        cluster_id = copy_ten_thousand_times(tmp_path, seeds["002"][:900])
        with Server(tmp_path) as server:
            page = visit(server.address).open(f"#/clusters/{cluster_id}")
            page.get_by_text("10,001 articles").wait_for()
            page.locator(".list-head [role=status]:empty").wait_for(state="attached")
            assert page.locator(".rows .virtual").count() < 60

            page.locator(".rows.scrolling").evaluate("node => (node.scrollTop = node.scrollHeight)")
            page.get_by_text("copy-9999", exact=True).wait_for()
            page.get_by_label("Filter by title, id, address").fill("copy-1234")
            page.get_by_text("copy-1234", exact=True).wait_for()
            assert 1 == page.locator(".rows .virtual").count()

    def test_search(self, visit):
        """Articles are found by id, by address and by a part of the title."""
        page = visit().open("#/search")
        for wanted, section in (
            ("a4", "With this id"),
            ("https://news.example.net/2", "Found at this address"),
            ("让企业少", "With this in the title"),
        ):
            page.get_by_role("searchbox").fill(wanted)
            page.get_by_role("button", name="Search").click()
            page.get_by_role("heading", name=section).wait_for()
        page.get_by_role("searchbox").fill("没有的标题")
        page.get_by_role("button", name="Search").click()
        page.get_by_text("Nothing found").wait_for()


def copy_ten_thousand_times(directory, text):
    """Fill a store with an article and its copies on fifty sites; return their cluster's id."""
    with Deduplicator.open(directory, durable=False) as dedup:
        original = dedup.check(Article(text=text, id="first", title="原文"))
        for number in range(10_000):
            url = f"https://site{number % 50}.example.com/{number}"
            dedup.check(Article(text=f"{text}\n转载编号{number}", id=f"copy-{number}", url=url))
    return original.cluster_id


PASTE = """(field, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  field.dispatchEvent(event);
}"""


class TestHostileArticles:
    MARKUP = (
        "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
        "<style>body { display: none }</style><a href='javascript:window.hacked = 3'>点我</a>"
    )

    def test_markup_and_directions_are_shown_not_obeyed(self, visit, service):
        """Scripts, styles and bidirectional controls of an article are text, nothing else."""
        text = (
            f"{self.MARKUP}为有序落实分区分级\u202e精准防控策略\u2066，推动企业\u200b复工复产。" * 3
        )
        body = {"id": self.MARKUP, "text": text, "title": f"{self.MARKUP}\u202e", "format": "text"}
        post(service, "/check", body | {"url": "javascript:window.hacked=4"})
        page = visit().open()
        check(page, text)

        page.get_by_text("U+202E").first.wait_for()
        for place in (
            f"articles/{quote(self.MARKUP, safe='')}",
            f"search/{quote('window.hacked', safe='')}",
            "clusters",
        ):
            page.goto(f"{service.address}/#/{place}")
            page.get_by_text("<script>").first.wait_for()
        assert page.evaluate("window.hacked") is None
        assert 0 == page.locator("main script, main style, main img").count()
        assert 0 == page.locator('a[href^="javascript:"]').count()
        assert "\u202e" not in page.locator(".pane .text").all_inner_texts()

    def test_policy(self, visit):
        """The page may run its own files only, and send nothing anywhere else."""
        visitor = visit()
        page = visitor.page
        response = page.goto(visitor.address)
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        style = "Object.assign(document.createElement('style'), {textContent: 'x{}'})"
        page.evaluate(f"document.head.append({style})")
        assert any("Content Security Policy" in complaint for complaint in visitor.complaints)
        visitor.complaints.clear()

    def test_five_megabytes(self, visit, seeds, tmp_path):
        """A text of five megabytes is checked and shown, and the page goes on answering."""
        lines = seeds["004"].splitlines()
        body = "\n".join(f"{number}：{line}" for number in range(520) for line in lines)
        text = f"{seeds['000']}\n{body}"
        assert len(text.encode()) > 4_500_000
        with Server(tmp_path, DEDUP_MAX_TEXT_CHARS="2000000") as server:
            page = visit(server.address).open()
            page.set_default_timeout(120_000)
            page.get_by_label("Article", exact=True).evaluate(PASTE, text)
            page.get_by_text("only the beginning is shown here").wait_for()
            page.get_by_role("button", name="Check", exact=True).click()
            page.locator(".panes .block span, .panes .block mark").first.wait_for()

            pane = page.locator(".pane .text").first
            for share in (0.5, 1, 0):
                scroll = "(node, share) => (node.scrollTop = share * node.scrollHeight)"
                pane.evaluate(scroll, share)
                page.evaluate("new Promise(requestAnimationFrame)")
            assert page.locator(".pane .text *").count() < 40_000


class TestKeys:
    def test_wrong_key_is_asked_again(self, visit, tmp_path):
        """Where keys are set one is asked for; a wrong one is told; a right one is kept."""
        with Server(tmp_path, DEDUP_API_KEYS="correct-horse") as server:
            page = visit(server.address).open("#/clusters")
            for key, outcome in (
                ("wrong-key-here", page.get_by_text("The service did not accept this key.")),
                ("correct-horse", page.get_by_text("Nothing is known yet")),
            ):
                page.get_by_role("textbox", name="API key").fill(key)
                page.get_by_role("button", name="Use this key").click()
                outcome.wait_for()
            page.reload()
            page.get_by_text("Nothing is known yet").wait_for()
            page.get_by_role("button", name="Forget the key").click()
            page.reload()
            page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
            page.get_by_text("The service wants an API key.").wait_for()
            assert page.evaluate("Object.keys(localStorage).every(name => !name.includes('key'))")


class TestFigures:
    def test_of_this_service(self, visit, service, seeds):
        """What is shown is what the service's own metrics say, and goes on with it."""
        page = visit().open("#/figures")
        for name in ("000", "000", "001"):
            post(service, "/check", {"text": seeds[name], "remember": False})

        samples = metrics_of(service)
        checks = {
            one.labels["verdict"]: int(one.value)
            for one in samples
            if one.name == "dedup_checks_total" and one.value
        }
        page.get_by_text(f"{sum(checks.values()):,} checks since").wait_for()
        for verdict, count in checks.items():
            row = page.locator(".bars li", has=page.locator(f".badge.{verdict}"))
            assert f"{count:,} · " in row.inner_text()
        [known] = [one.value for one in samples if one.name == "dedup_articles"]
        [clusters] = [one.value for one in samples if one.name == "dedup_clusters"]
        assert f"{int(known):,}" == page.locator(".figure").first.inner_text()
        page.get_by_text(f"{int(clusters):,} clusters").wait_for()

        post(service, "/check", {"text": seeds["003"], "remember": False})
        page.get_by_text(f"{sum(checks.values()) + 1:,} checks since").wait_for()
        median = page.locator(".figure").nth(2)
        assert 0 < float(median.inner_text().split()[0].replace(",", ""))

    def test_live_figures(self, visit, picture):
        """Rates and latencies are those between two readings of the metrics."""
        page = visit().page
        readings = []

        def metrics(route):
            readings.append(time.monotonic())
            route.fulfill(body=exposition(len(readings)), content_type="text/plain")

        page.clock.install()
        page.route("**/metrics", metrics)
        page.goto(f"{visit().address}/#/figures")
        page.get_by_text("48,213").wait_for()
        for _ in range(40):
            seen = len(readings)
            page.clock.run_for(2000)
            while len(readings) == seen:
                page.wait_for_timeout(5)
        page.get_by_text("Garbled mirror").wait_for()
        assert 40 < float(page.locator(".figure").nth(1).inner_text().split("/")[0]) < 260
        picture(page, "console-figures")


def metrics_of(service):
    exposed = service.send("GET", "/metrics").decode()
    return [one for family in text_string_to_metric_families(exposed) for one in family.samples]


def exposition(reading):
    """Metrics as the service writes them, some busy minutes of them."""
    checks = sum(160 + 80 * (step * step % 7 - 3) / 3 for step in range(reading)) * 2
    mix = {"new": 0.62, "reprint": 0.2, "garbled_mirror": 0.08, "exact": 0.06, "partial": 0.04}
    lines = [
        f'dedup_checks_total{{verdict="{name}"}} {part * checks}' for name, part in mix.items()
    ]
    for bound, part in (("0.002", 0.3), ("0.004", 0.8), ("0.008", 0.96), ("+Inf", 1)):
        lines.append(f'dedup_check_seconds_bucket{{le="{bound}"}} {part * checks}')
    return "\n".join([*lines, "dedup_articles 48213", "dedup_clusters 31877", ""])


class TestEveryone:
    @pytest.mark.parametrize("options", [{}, DARK, PHONE], ids=["light", "dark", "phone"])
    def test_no_serious_findings(self, visit, seeds, options, picture):
        """axe-core finds nothing serious on any page, in light, dark and on a phone."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        page = visit(**options).open()
        check(page, seeds["000"])
        page.locator(".panes .passage").first.wait_for()
        findings = {"check": serious(axe, page)}
        if options:
            picture(page, "console-dark" if options is DARK else "console-phone", at="#result")
        for place in ("clusters", "search/复工", "figures", "articles/copy-3"):
            page.goto(f"{page.url.partition('#')[0]}#/{place}")
            page.locator(".loading").first.wait_for(state="detached")
            findings[place] = serious(axe, page)

        assert {place: [] for place in findings} == findings

    def test_phone_needs_no_sideways_scrolling(self, visit, seeds):
        """At 390 pixels nothing is wider than the screen."""
        page = visit(**PHONE).open()
        check(page, seeds["000"])
        for place in ("check", "clusters", "search/复工", "figures", "articles/copy-3"):
            page.goto(f"{page.url.partition('#')[0]}#/{place}")
            page.locator(".loading").first.wait_for(state="detached")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390

    def test_chinese(self, visit, seeds, picture):
        """In a Chinese browser the page is Chinese; a choice of the other language stays."""
        page = visit(locale="zh-CN").open()
        assert "zh-Hans" == page.locator("html").get_attribute("lang")
        page.get_by_label("文章", exact=True).fill(seeds["000"])
        page.get_by_role("button", name="检查", exact=True).click()
        page.get_by_role("main").get_by_text("乱码镜像").wait_for()
        page.locator(".panes .passage").first.wait_for()
        picture(page, "console-chinese", at="#result")
        page.get_by_role("button", name="English").click()
        page.get_by_role("main").get_by_text("Garbled mirror").wait_for()
        page.reload()
        page.get_by_role("heading", name="Check an article").wait_for()

    def test_theme_is_kept(self, visit):
        """A theme that was chosen is there again after a reload."""
        page = visit().open()
        page.get_by_role("button", name="Colours: as the system").click()
        page.get_by_role("button", name="Colours: light").click()
        page.reload()
        assert "dark" == page.locator("html").get_attribute("data-theme")
        assert "rgb(18, 20, 23)" == page.evaluate("getComputedStyle(document.body).backgroundColor")


def serious(axe, page):
    """What axe-core takes for serious or worse, as text."""
    violations = axe.run(page).response["violations"]
    return [
        f"{found['id']}: {node['html'][:120]}"
        for found in violations
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"][:3]
    ]
