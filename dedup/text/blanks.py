"""The characters that the blanks of forms are filled with: numerals, and surnames.

Names begin with one of a few hundred characters. That two stretches of two to four characters
in the same place of two texts both begin so, and are no names, is rare.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dedup.text.folding import Folder

__all__ = ["numerals", "surnames"]

_TABLE_SIZE = 0x10000

_NUMERALS = "0123456789零〇一二三四五六七八九十百千万亿两"

# The commonest of China and Taiwan, and those of the Hundred Family Surnames that are still
# borne by many.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏"
    "苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛阎段雷龙黎史陶贺毛郝顾龚邵"
    "万覃武钱戴严莫孔向常汤康易乔赖文施洪季尚褚滕丛岳齐梅庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费"
    "纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶"
    "刁瞿戚丘古米池晋苑邬臧畅宫来嵺苟全廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟"
    "宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙伏岑习"
    "胥保和蔺水云昌凤酆皮俞元平禹狄贝茅庞祖郦邢蓬初樊寇母闫"
)


@cache
def numerals() -> NDArray[np.bool_]:
    """Return whether each folded character is a digit or a numeral; bool, shape (65536,)."""
    return _table(_NUMERALS)


@cache
def surnames() -> NDArray[np.bool_]:
    """Return whether names begin with each folded character; bool, shape (65536,)."""
    return _table(_SURNAMES)


def _table(characters: str) -> NDArray[np.bool_]:
    table = np.zeros(_TABLE_SIZE, np.bool_)
    table[Folder.load().fold(characters).codes] = True
    table.flags.writeable = False
    return table
