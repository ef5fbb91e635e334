"""Page skeletons of Chinese news sites, to put real articles into.

Each is a way in which sites write articles, reduced to what extractors go by: element and
class names, how paragraphs are made, and how much there is around the article. The words
around it are invented.
"""

# ruff: noqa: E501 - wrapping markup adds blanks to it

import html
from collections.abc import Callable, Sequence

__all__ = ["SKELETONS"]

_CHANNELS = "首页 新闻 国际 国内 财经 体育 娱乐 科技 军事 汽车 房产 教育 健康 旅游 图片 视频 直播 专题".split()  # noqa: SIM905
_HEADLINES = (
    "多地发布高温红色预警 气象部门提醒注意防暑",
    "前三季度外贸进出口总值同比增长",
    "这座小城为何成了年轻人的旅行首选？",
    "新一批重点工程集中开工 总投资超百亿元",
    "专家解读：换季时节如何科学防护",
    "国产大飞机完成首次跨境商业飞行",
    "老旧小区改造惠及千万户居民，听听他们怎么说",
    "女排联赛收官 主场球队三比一逆转夺冠",
)
_SCRIPT = (
    '<script>var _hmt=_hmt||[];(function(){var s=document.createElement("script");'
    's.src="//hm.example.com/h.js?0a1b2c";if(1<2&&3>2){document.body.appendChild(s)}})();</script>'
)
_STYLE = (
    "<style>.nav li{float:left}.nav a:hover{color:#c00}/* 正文 */ .art p{line-height:1.8}</style>"
)
_FOOTER = (
    "关于我们 | 联系方式 | 广告服务 | 网站地图 | 诚聘英才",
    "本网站所刊载信息，不代表本网观点。刊用本网站稿件，务经书面授权。",
    "未经授权禁止转载、摘编、复制及建立镜像，违者将依法追究法律责任。",
    "京ICP备00000000号-1 京公网安备 00000000000000号 违法和不良信息举报电话：000-00000000",
)


def _links(labels: Sequence[str], item: str = "li") -> str:
    return "".join(
        f'<{item}><a href="/a/{i}.shtml" target="_blank">{label}</a></{item}>'
        for i, label in enumerate(labels)
    )


def _paragraphs(text: str) -> list[str]:
    return [html.escape(line.strip(), quote=False) for line in text.splitlines() if line.strip()]


def _portal(title: str, text: str) -> str:
    """A large portal: everything in divs with telling class names, paragraphs in `p`."""
    body = "".join(f"<p>　　{paragraph}</p>\n" for paragraph in _paragraphs(text))
    return f"""<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}-示例网</title>{_STYLE}{_SCRIPT}
<meta name="keywords" content="新闻,要闻,示例网"></head><body>
<div class="top-nav"><ul class="nav">{_links(_CHANNELS)}</ul><form><input name="q"><button>搜索</button>
</form></div><div class="crumb"><a href="/">示例网</a>&gt;<a href="/gn/">国内新闻</a>&gt;正文</div>
<div class="main"><div class="left"><h1>{title}</h1><div class="info">2023年05月18日 09:30　来源：
<a href="/">示例网</a>　<span>参与互动</span> 【字体：大 中 小】</div>
<div class="left_zw" id="content">{body}</div>
<div class="editor">【责任编辑:张三】</div><div class="share">分享到：微信 微博 QQ空间</div>
<div class="related"><h3>相关新闻</h3><ul>{_links(_HEADLINES[:5])}</ul></div></div>
<div class="sidebar"><h3>热点排行</h3><ul>{_links(_HEADLINES)}</ul><div class="ad"><img src="a.gif"
alt="广告"></div></div></div><div class="footer"><p>{"</p><p>".join(_FOOTER)}</p></div>
{_SCRIPT}</body></html>"""


def _tables(title: str, text: str) -> str:
    """A site of the early 2000s: nested tables, `font`, upper case, `<br>` between paragraphs."""
    body = "<BR><BR>\n".join(f"&nbsp;&nbsp;&nbsp;&nbsp;{line}" for line in _paragraphs(text))
    return f"""<HTML><HEAD><META http-equiv=Content-Type content="text/html; charset=utf-8">
<TITLE>{title}</TITLE>{_STYLE}</HEAD><BODY bgColor=#ffffff topMargin=0>
<TABLE width=760 align=center><TR>{_links(_CHANNELS, "TD")}</TR></TABLE>
<TABLE width=760 align=center><TR><TD width=180 vAlign=top><TABLE>
<TR><TD><B>热门文章</B></TD></TR>{_links(_HEADLINES, "TR><TD")}</TABLE></TD>
<TD vAlign=top><TABLE width="100%"><TR><TD align=center><FONT size=4><B>{title}</B></FONT></TD></TR>
<TR><TD align=center>发布时间：2008-5-14 阅读次数：1024 【打印】【关闭】</TD></TR>
<TR><TD style="font-size:14px"><FONT color=#333333>{body}</FONT></TD></TR>
<TR><TD>上一篇：<A href=1.htm>{_HEADLINES[0]}</A><BR>下一篇：<A href=2.htm>{_HEADLINES[1]}</A></TD></TR>
</TABLE></TD></TR></TABLE><HR><CENTER>{"<BR>".join(_FOOTER)}</CENTER>{_SCRIPT}</BODY></HTML>"""


def _semantic(title: str, text: str) -> str:
    """A recent site: `article`, `header`, `nav`, `aside`, `figure`, links and tags inside."""
    paragraphs = [f"<p>{paragraph}</p>" for paragraph in _paragraphs(text)]
    paragraphs.insert(
        1, "<figure><img src=a.jpg><figcaption>现场图片。示例社发</figcaption></figure>"
    )
    return f"""<!doctype html><html lang=zh-Hant><head><meta charset=utf-8><title>{title}｜示例新聞</title>
<script type="application/ld+json">{{"@type":"NewsArticle","headline":"<b>x</b>"}}</script></head><body>
<header><nav><ul>{_links(_CHANNELS)}</ul></nav></header><main><article itemscope><header><h1>{title}</h1>
<time datetime=2023-05-18T09:30>2023-05-18 09:30</time> <a rel=author href=/u/1>記者李四</a></header>
<div class="article-body" itemprop="articleBody">{"".join(paragraphs)}</div>
<footer class=tags>{_links(["要聞", "社會", "民生"], "span")}</footer></article>
<aside><h2>延伸閱讀</h2><ul>{_links(_HEADLINES)}</ul></aside></main>
<footer><p>{"</p><p>".join(_FOOTER)}</p></footer>{_SCRIPT}</body></html>"""


def _spans(title: str, text: str) -> str:
    """A page out of an editor: a `section` and styled `span`s for every paragraph."""
    body = "".join(
        f'<section style="margin:8px"><section><span style="font-size:15px">{paragraph}</span>'
        "</section></section><section><br></section>"
        for paragraph in _paragraphs(text)
    )
    return f"""<!DOCTYPE html><html><head><title>{title}</title>{_SCRIPT}</head><body id="activity-detail">
<div id="js_article" class="rich_media"><div class="rich_media_inner"><h2 class="rich_media_title">{title}
</h2><div class="rich_media_meta_list"><span>原创</span> <span>示例公众号</span> <em>2023-05-18</em></div>
<div class="rich_media_content" id="js_content" style="visibility: visible;">{body}</div></div>
<div class="rich_media_tool">阅读 10万+ 　赞 　在看 　写留言</div>
<div class="qr_code"><p>微信扫一扫<br>关注该公众号</p></div></div></body></html>"""


def _soup(title: str, text: str) -> str:
    """A scraper's mirror: bare divs with random names, paragraphs by `<br/>`, link lists around."""
    body = "<br/>".join(_paragraphs(text))
    return f"""<html><head><title>{title}</title></head><body><div class="xk2"><div>{_links(_HEADLINES, "div")}
</div></div><div class="q9a"><div class="w0p">{title}</div><div class="b7">{body}</div>
<div class="b8">{_links(_HEADLINES + tuple(_CHANNELS), "span")}</div></div>
<div class="z1">{"".join(f"<div>{line}</div>" for line in _FOOTER)}</div><!-- {body[:200]} -->
{_SCRIPT}</body></html>"""


def _blog(title: str, text: str) -> str:
    """A blog engine: post and comments, never closed `p`, an entity for every quotation mark."""
    paragraphs = (p.replace("“", "&ldquo;").replace("”", "&rdquo;") for p in _paragraphs(text))
    body = "".join(f"<p>{paragraph}\n" for paragraph in paragraphs)
    return f"""<!DOCTYPE html><html><head><title>{title} – 示例博客</title></head>
<body class="post-template-default single single-post"><div id="page"><div id="masthead" role="banner">
<ul id="menu">{_links(_CHANNELS)}</ul></div><div id="primary"><div id="post-42" class="post hentry">
<h1 class="entry-title">{title}</h1><div class="entry-meta">发表于 2023年5月18日</div>
<div class="entry-content">{body}</div></div><div id="comments"><h3>2 条评论</h3><ol><li>路人甲：说得好！
<li>路人乙：转发了，谢谢分享。</ol></div></div><div id="secondary" class="widget-area"><h3>近期文章</h3><ul>
{_links(_HEADLINES)}</ul></div><div id="colophon">{_FOOTER[3]}</div></div></body></html>"""


SKELETONS: dict[str, Callable[[str, str], str]] = {
    "portal": _portal,
    "tables": _tables,
    "semantic": _semantic,
    "spans": _spans,
    "soup": _soup,
    "blog": _blog,
}
"""Page of a title and a text, by the name of the skeleton."""
