"""Loading whatever checks may need: the machine code of all kernels, and all tables.

Each is loaded, and where there is none compiled, when a text first calls for it. That saves
a command that needs few of them a second or more; a container whose root is read-only would
compile what its image lacks in every start. Building an image therefore ends with this.
"""

from tempfile import TemporaryDirectory

from dedup.config import DedupConfig
from dedup.deduplicator import Deduplicator
from dedup.models import Article

__all__ = ["warm_up"]

_STORY = (
    "复工复产，首先要抓牢防疫。疫情暴发后，全县迅速行动，始终坚持领导在一线指挥，做好企业的服务工作，"
    "帮助解决口罩和用工的问题。记者了解到，当地已有三百多家企业恢复生产，员工返岗率超过百分之八十。\n"
    "“订单排到了下个月，大家都很有信心。”一家电子厂的负责人告诉记者，厂里每天给车间消毒两次，"
    "食堂也改成了分批用餐。据介绍，县里为企业减免了租金，还派出二十支服务队上门登记困难。\n"
)
_TITLE = "企业恢复生产，大家都很有信心"
_PLACES = (
    "北京市|上海市|天津市|重庆市|广州市|深圳市|南京市|武汉市|成都市|西安市|杭州市|苏州市|郑州市"
)


def _damaged(text: str) -> list[str]:
    """Return a text in the ways that texts are damaged, one for each kind of kernel."""
    gbk, utf8, big5 = (text.encode(codec, "ignore") for codec in ("gbk", "utf-8", "big5"))
    return [
        text,
        f"<html><body><p>{text}</p></body></html>",
        gbk.decode("latin-1"),
        utf8.decode("gb18030", "replace"),
        utf8.decode("latin-1"),
        gbk[1:].decode("gb18030", "replace"),
        big5.decode("gbk", "replace"),
        gbk.decode("big5", "replace"),
        f"容不得半點(diǎn)馬虎!崩钚廊缓屯聞⒆育堁杆傩袆(dòng)起來，全體員工健康安全?!薄案沸侣方值婪e極指導{text}",
        f"⼴场上举行庆㊗⼤会，⼈们⽤歌声表达⼼情。{text}",
        f"首页\n新闻\n体育\n财经\n娱乐\n科技\n{text}",
        f"首页 新闻 体育 财经 娱乐 科技 教育\n{text}",
        "".join(f"{char}(fù)" for char in text),
        "".join(f"{char}(fù)" for char in text.replace("工", "\ufffd")),
        text.replace("业", "業?è)"),
        " ".join(text),
        "\u200b".join(text),
        f"春天来了，河边\u202e树柳的\u202c发出新芽，{text}",
        "".join(f"&#{ord(char)};" for char in text),
        "".join(f"\\u{ord(char):04x}" for char in text),
        "".join(f"%{byte:02X}" for byte in utf8),
        text.replace("企", "\ufffd").replace("工", "?"),
        text.replace("，", "，，"),
        text.replace("。", "。x7Kq9Zt#2"),
        text.replace("，", "😀，"),
        f"{_TITLE}\n" + text.replace("，", f"，{_TITLE[:4]}，"),
        text + _PLACES,
        f"{text}来源：本报\n{text}",
    ]


def warm_up() -> None:
    """Check texts that are damaged in every way against a store that is thrown away."""
    with (
        TemporaryDirectory(prefix="dedup-") as folder,
        Deduplicator.open(folder, DedupConfig(), durable=False) as dedup,
    ):
        dedup.add(Article(text=_STORY))
        articles = [Article(text=text) for text in _damaged(_STORY)]
        for article in articles:
            dedup.check(article, remember=False, passages=True)
        dedup.survey_many(articles)


if __name__ == "__main__":
    warm_up()
