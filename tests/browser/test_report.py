"""The report of a scan, opened from the disk."""

import json
import re
import subprocess

import pytest
from server import DEDUP


@pytest.fixture(scope="session")
def collection(tmp_path_factory, seeds):
    """The seeds, some copies on sites, and an article that attacks whoever reads it."""
    folder = tmp_path_factory.mktemp("collections") / "articles"
    folder.mkdir()
    articles = [{"id": name, "text": text, "title": f"样本 {name}"} for name, text in seeds.items()]
    text = seeds["002"]
    articles += [
        {
            "id": f"copy-{number}",
            "text": text[: len(text) - 60 * number] + f"（编辑{number}）",
            "title": f"转载之{number}",
            "url": f"https://mirror{number % 4}.example.com/{number}",
            "date": f"2020-04-{number + 1:02}",
        }
        for number in range(20)
    ]
    attack = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked=2'>"
    articles.append({"id": attack, "title": attack, "text": attack + "\u202e复工复产" * 30})
    lines = "\n".join(json.dumps(article) for article in articles)
    (folder / "articles.jsonl").write_text(lines)
    return folder


@pytest.fixture(scope="session")
def report(collection, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    command = [DEDUP, "scan", collection.name, "--html", path]
    subprocess.run(command, check=True, capture_output=True, cwd=collection.parent)
    return path


@pytest.fixture
def page(visit, report):
    visitor = visit(report.as_uri())
    visitor.page.goto(report.as_uri())
    visitor.page.locator(".rows .virtual").first.wait_for()
    return visitor.page


def test_summary_and_charts(page, picture):
    """It opens without a network and counts what was found."""
    page.get_by_role("heading", name="Copies among 26 articles").wait_for()
    assert "21" == page.locator(".totals dd").nth(1).inner_text()
    page.get_by_role("img", name="Jaccard of each copy").wait_for()
    page.get_by_role("button", name="mirror0.example.com").wait_for()
    picture(page, "report")


def test_pair_side_by_side(page, picture):
    """A copy opens beside its original, with linked passages and its damage."""
    page.get_by_label("Filter by path, title, address").fill("样本 000")
    page.get_by_role("link", name="样本 000").click()
    page.locator(".panes .passage").first.wait_for()
    left, right = page.locator(".pane .text").all()
    assert left.locator(".passage").count() == right.locator(".passage").count() > 30
    left.locator(".passage").nth(4).click()
    assert "active" in right.locator('[data-passage="4"]').get_attribute("class")
    assert left.locator(".damage.pinyin_annotation").count() > 100
    picture(page, "report-pair")
    page.get_by_role("button", name="Close").click()


def test_cluster_and_site_lead_to_their_articles(page):
    """A bar of the largest clusters and of the sites filters the list."""
    page.locator(".ranking button").first.click()
    page.locator(".list-head [role=status]", has_text="21").wait_for()
    page.get_by_role("button", name="mirror1.example.com").click()
    page.locator(".list-head [role=status]", has_text=re.compile("^5$")).wait_for()


def test_hostile_article_is_text(page):
    """What an article says cannot end a script or begin one."""
    page.get_by_label("Filter by path, title, address").fill("hacked")
    page.get_by_text("</script><script>").first.click()
    page.get_by_role("button", name="Close").wait_for()
    assert page.evaluate("window.hacked") is None
    assert 0 == page.locator("main img, dialog img").count()


def test_no_serious_findings(page):
    """axe-core finds nothing serious in it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    assert [] == [one["id"] for one in found if one["impact"] in {"serious", "critical"}]


def test_chinese(visit, report):
    """In a Chinese browser it is Chinese."""
    visitor = visit(report.as_uri(), locale="zh-CN")
    visitor.page.goto(report.as_uri())
    visitor.page.get_by_role("heading", name="26 篇文章中的副本").wait_for()
