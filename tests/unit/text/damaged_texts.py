"""Random texts that meet the repairs and their seams."""

from hypothesis import strategies as st

__all__ = ["TEXTS"]

# Pieces that damage is made of, so that random texts meet the repairs and their seams.
PIECES = st.sampled_from(
    [
        *[
            "國(guó)",
            "(guo)",
            "（huì ）",
            "?qǐng)",
            "F(xiàn)",
            "！敝靻⒊\ue0f0f",
            "?！薄案沸侣方值婪e",
            " （Huì）",
            "【dong4】",
            "(ㄨㄤˇ)",
            "â€œ",
            "Â\xa0",
            "鈥?",
            "钦叽酉乩锪私獾剑\ue0d0钡匾延腥\ue419俣嗉移笠祷指瓷",
        ],
        *["&amp;", "#20013;", "&ldquo;", "amp;", "\\u4e2d", "&#38;", "&#59;", "&l", "&#116;", ";"],
        *["。\\n", "ldquo;", "U+4E2D", "\\4e2d ", "\\344\\270\\255", "\\u0026", "＆"],
        *[
            "\N{ZERO WIDTH SPACE}",
            "\N{SOFT HYPHEN}",
            "吕梁市| ",
            "育儿|",
            "|" * 12,
            "\n",
            "？",
            "!",
        ],
        *["_x000D_", '<kbd id="s7isi"></kbd>', "[b]", "x7Kq2$ ]n0{Zp#4 w", "💰", "张北复工"],
        *["责任编辑：张三\n", "首页\n登录\n", "企业陆续恢复生产，工人分批返岗，物流逐步畅通。"],
        *["“", "”", "。", "�", "中", "\ud800", "\x00", "\ue5d2", "(", "）", "</p>", "/p>", "a"],
    ]
)
TEXTS = st.one_of(
    st.text(alphabet=st.characters(codec=None)),
    st.lists(PIECES, max_size=40).map("".join),
    st.lists(PIECES, max_size=6).map(lambda pieces: "".join(pieces) * 6),
)
