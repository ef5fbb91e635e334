"""What mirrors put around and between: pages, advertisements, stuffing, jammers, repeats."""

import html
import string
import tomllib
from functools import cache
from pathlib import Path
from random import Random

from dedup import DamageKind, Verdict
from quality.edits import REPRINT
from quality.kinds import COPIES, GARBLED, Damaged, Recovery, Severity, Subject, kind, levels
from quality.pieces import is_han, join_paragraphs, pick_places, sentences, split_paragraphs
from quality.tables import Tables

__all__ = ["stuffing_list", "wrap"]

_EMOJI = "😀🔥👍🎉💰✅❤🌹👇📢"
_SEPARATORS = ("| ", "|", " ", "、", ",", "，", "\n", "_", " - ", "/", "；")


@cache
def _phrases() -> dict[str, list[str]]:
    """Return the lists of `furniture.toml`."""
    lists = tomllib.loads(Path(__file__).with_name("furniture.toml").read_text(encoding="utf-8"))
    return {
        name: words.split() if isinstance(words, str) else words for name, words in lists.items()
    }


def stuffing_list(count: int, rng: Random, tables: Tables) -> str:
    """Return `吕梁市| 来宾市| 育儿| …`: names and topics, one separator."""
    names = rng.choices(tables.places, k=count)
    words = [rng.choice(_phrases()["topics"]) if rng.random() < 0.15 else name for name in names]
    separator = rng.choice(_SEPARATORS)
    return separator.join(words) + separator.rstrip()


@kind("stuffing", levels(GARBLED), DamageKind.KEYWORD_STUFFING, recovery=Recovery.IDENTICAL)
def stuffing(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """100, 200 or 400 keywords behind the article, or in front of it."""
    count = {Severity.LIGHT: 100, Severity.USUAL: 200, Severity.HEAVY: 400}[severity]
    words = stuffing_list(count, rng, subject.tables)
    clean = subject.text.rstrip()
    parts = (words, clean) if rng.random() < 0.3 else (clean, words)
    return Damaged("\n".join(parts), clean)


@kind("stuffing_header", levels(GARBLED), DamageKind.KEYWORD_STUFFING, recovery=Recovery.IDENTICAL)
def stuffing_header(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """`国产精品99,激情五月,…`: a line or more of such phrases in front."""
    count = {Severity.LIGHT: 8, Severity.USUAL: 15, Severity.HEAVY: 40}[severity]
    phrases = [
        rng.choice(_phrases()["header"]) + rng.choice(("", "", str(rng.randint(1, 99))))
        for _ in range(count)
    ]
    clean = subject.text.strip()
    return Damaged(rng.choice((",", "，", " ", "|")).join(phrases) + "\n\n" + clean, clean)


def _random_letters(rng: Random, least: int = 10, most: int = 60) -> str:
    letters = string.ascii_letters + string.digits + ",.;:!?~-_+&%$#@'\"/ "
    return "".join(rng.choices(letters, k=rng.randint(least, most)))


def _between(text: str, severity: Severity, rng: Random, jam: list[str]) -> Damaged | None:
    """Return paragraphs with lines of jam between some of them."""
    paragraphs = split_paragraphs(text)
    share = {Severity.LIGHT: 0.3, Severity.USUAL: 0.6, Severity.HEAVY: 1.0}[severity]
    chosen = pick_places(list(range(len(paragraphs))), share, rng, least=5)
    copy = []
    for place, paragraph in enumerate(paragraphs):
        copy.append(paragraph)
        if place in chosen:
            copy.append(rng.choice(jam))
    return Damaged(join_paragraphs(copy), join_paragraphs(paragraphs)) if len(chosen) > 2 else None


@kind("jammer_lines", levels(GARBLED), DamageKind.JAMMER, recovery=Recovery.IDENTICAL)
def jammer_lines(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Lines of random ASCII between paragraphs."""
    return _between(subject.text, severity, rng, [_random_letters(rng) for _ in range(30)])


@kind("jammer_tags", levels(GARBLED), DamageKind.JAMMER, recovery=Recovery.IDENTICAL)
def jammer_tags(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """`<kbd id="s7isi"></kbd>` between paragraphs, as text."""
    names = ("kbd", "b", "th", "acronym", "tt", "fieldset", "center", "strike")
    identity = "".join(rng.choices(string.ascii_lowercase + string.digits, k=5))
    jam = [f'<{name} id="{identity}"></{name}>' for name in names]
    return _between(subject.text, severity, rng, jam)


@kind("jammer_x000d", levels(GARBLED), DamageKind.JAMMER, recovery=Recovery.IDENTICAL)
def jammer_x000d(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """`_x000D_` at the end of paragraphs and sentences."""
    return _after_sentences(subject.text, severity, rng, "_x000D_")


@kind("jammer_emoji", levels(GARBLED), DamageKind.JAMMER, recovery=Recovery.IDENTICAL)
def jammer_emoji(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Emoji inside words."""
    share = {Severity.LIGHT: 0.02, Severity.USUAL: 0.05, Severity.HEAVY: 0.1}[severity]
    text = subject.text
    inside = [at for at in range(len(text) - 1) if is_han(text[at]) and is_han(text[at + 1])]
    chars = list(text)
    for place in (chosen := pick_places(inside, share, rng, least=10)):
        chars[place] += rng.choice(_EMOJI)
    return Damaged("".join(chars), text) if chosen else None


def _after_sentences(text: str, severity: Severity, rng: Random, jam: str) -> Damaged | None:
    """Return text with jam at the end of some sentences."""
    parts = sentences(text)
    share = {Severity.LIGHT: 0.3, Severity.USUAL: 0.6, Severity.HEAVY: 1.0}[severity]
    places = [place for place, part in enumerate(parts) if part.strip()]
    if len(places) < 5:
        return None
    for place in pick_places(places, share, rng, least=5):
        body = parts[place].rstrip("\n")
        parts[place] = body + jam + parts[place][len(body) :]
    return Damaged("".join(parts), text)


@kind("title_chunks", levels(GARBLED), DamageKind.TITLE_CHUNKS, recovery=Recovery.IDENTICAL)
def title_chunks(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """The title cut into four-character chunks, sprinkled over the body."""
    title = "".join(char for char in subject.title if is_han(char))
    chunks = [title[at : at + 4] for at in range(0, len(title) - 3, 4)]
    if len(chunks) < 2:
        return None
    count = {Severity.LIGHT: 8, Severity.USUAL: 20, Severity.HEAVY: 40}[severity]
    lines = split_paragraphs(subject.text)
    for turn in range(count):
        place = rng.randrange(len(lines))
        at = rng.randrange(len(lines[place]) + 1)
        lines[place] = lines[place][:at] + chunks[turn % len(chunks)] + lines[place][at:]
    clean = join_paragraphs(split_paragraphs(subject.text))
    return Damaged(f"{subject.title}\n{join_paragraphs(lines)}", f"{subject.title}\n{clean}")


@kind("repeated_body", levels(GARBLED), DamageKind.REPEATED_BODY, recovery=Recovery.IDENTICAL)
def repeated_body(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """The body twice, three or four times."""
    times = {Severity.LIGHT: 2, Severity.USUAL: 2, Severity.HEAVY: 4}[severity]
    glue = rng.choice(("\n", "\n\n", "\n" + subject.title + "\n"))
    clean = subject.text.strip()
    return Damaged(glue.join([clean] * times), clean)


@kind("advertisements", levels(REPRINT | COPIES))
def advertisements(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Advertisements between sentences."""
    parts = [part for part in sentences(subject.text) if part.strip()]
    count = {Severity.LIGHT: 2, Severity.USUAL: 4, Severity.HEAVY: 8}[severity]
    for advert in rng.sample(_phrases()["advertisements"], count):
        parts.insert(rng.randrange(1, len(parts) + 1), f"\n{advert}\n")
    return Damaged("".join(parts))


def _furniture(subject: Subject, severity: Severity, rng: Random) -> tuple[list[str], list[str]]:
    """Return the lines before and behind an article of a news site's page."""
    size = {Severity.LIGHT: 12, Severity.USUAL: 30, Severity.HEAVY: 50}[severity]
    site = rng.choice(("东方新闻网", "今日时报", "南方在线", "北国网"))
    head = [site, *rng.sample(_phrases()["sections"], min(size, len(_phrases()["sections"])))]
    head += [
        f"首页 > {rng.choice(_phrases()['sections'])} > 正文",
        subject.title,
        "2024-03-11 09:55:00",
    ]
    head += [f"来源：{site} 作者：佚名", "字号：大 中 小", "分享到：微信 微博 QQ空间"]
    related = rng.sample(_phrases()["headlines"], min(size // 2, len(_phrases()["headlines"])))
    tail = ["[责任编辑：李明]", "相关阅读", *related, "热门排行", *rng.sample(related, 5)]
    tail += ["我要评论", "登录 注册 发表评论", *_phrases()["footer"]]
    return head, tail


def wrap(subject: Subject, text: str, severity: Severity, rng: Random) -> str:
    """Return a text with a page's navigation before it and its footer behind."""
    head, tail = _furniture(subject, severity, rng)
    return "\n".join((*head, text, *tail))


_PAGE = levels(COPIES)


@kind("page_text", _PAGE, DamageKind.BOILERPLATE)
def page_text(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """The visible text of a page around the article."""
    return Damaged(wrap(subject, subject.text, severity, rng))


@kind("page_html", _PAGE)
def page_html(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """The page's markup around the article."""
    head, tail = _furniture(subject, severity, rng)
    links = "".join(
        f'<li><a href="/{n}">{html.escape(x)}</a></li>' for n, x in enumerate(head[:-6])
    )
    related = "".join(f'<li><a href="/n/{n}">{html.escape(x)}</a></li>' for n, x in enumerate(tail))
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in split_paragraphs(subject.text))
    title = html.escape(subject.title or head[0])
    return Damaged(
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}_{head[0]}</title>'
        "<style>.a{color:red}</style><script>var a=1;</script></head><body>"
        f'<div class="nav"><ul>{links}</ul></div>'
        f'<div class="article"><h1>{title}</h1><div class="info">{html.escape(head[-3])}</div>'
        f'<div class="content">{body}</div></div>'
        f'<div class="footer"><ul>{related}</ul></div></body></html>'
    )


@kind(
    "header_and_editor",
    levels(frozenset({Verdict.REPRINT, Verdict.EXACT})),
)
def header_and_editor(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """Site, title, date and source in front; the editor and a report link behind."""
    head, tail = _furniture(subject, Severity.LIGHT, rng)
    del severity
    return Damaged(
        "\n".join((head[0], head[0], *head[-6:], subject.text, tail[0], _phrases()["footer"][1]))
    )
