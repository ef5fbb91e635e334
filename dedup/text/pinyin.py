"""Pinyin syllables, and the reading of a character as far as GB2312 tells it.

The 3,755 characters of GB2312's first level (B0A1 to D7F9) stand in the order
of their readings. So a table of the first character of each syllable gives both
the inventory of syllables and, by bisection over the bytes, a reading for every
common character; traditional ones are simplified first. One reading each and
no tones: enough to tell an annotation from an English word, or to choose among
the few characters that share a lost byte. Where a character has several
readings, the one in GB2312's order is not always the one in the text.
"""

import unicodedata
from bisect import bisect_right
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.text.words import simplify

__all__ = [
    "DIAERESIS",
    "LETTERS",
    "TONE",
    "Readings",
    "is_syllable",
    "reading_of",
    "readings",
    "without_tone",
]

LETTERS = "a-zêüāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ\u0300\u0301\u0304\u0308\u030c"
"""What a reading is spelled with, for a character class; the last five are combining marks."""

# Each syllable is followed by its first character in GB2312's order, in which
# lü and nü stand behind lu and nu, and lüe and nüe behind luan and nuan.
_FIRST_OF_SYLLABLE = """
a啊 ai埃 an鞍 ang肮 ao凹 ba芭 bai白 ban斑 bang邦 bao苞 bei杯 ben奔 beng崩 bi逼 bian鞭 biao标
bie鳖 bin彬 bing兵 bo玻 bu捕 ca擦 cai猜 can餐 cang苍 cao操 ce厕 ceng层 cha插 chai拆 chan搀
chang昌 chao超 che车 chen郴 cheng撑 chi吃 chong充 chou抽 chu初 chuai揣 chuan川 chuang疮 chui吹
chun春 chuo戳 ci疵 cong聪 cou凑 cu粗 cuan蹿 cui摧 cun村 cuo磋 da搭 dai呆 dan耽 dang当 dao刀
de德 deng蹬 di堤 dian颠 diao碉 die跌 ding丁 diu丢 dong东 dou兜 du督 duan端 dui堆 dun墩 duo掇
e蛾 en恩 er而 fa发 fan藩 fang坊 fei菲 fen芬 feng丰 fo佛 fou否 fu夫 ga噶 gai该 gan干 gang冈
gao篙 ge哥 gei给 gen根 geng耕 gong工 gou钩 gu辜 gua刮 guai乖 guan棺 guang光 gui瑰 gun辊 guo锅
ha哈 hai骸 han酣 hang夯 hao壕 he呵 hei嘿 hen痕 heng哼 hong轰 hou喉 hu呼 hua花 huai槐 huan欢
huang荒 hui灰 hun荤 huo豁 ji击 jia嘉 jian歼 jiang僵 jiao蕉 jie揭 jin巾 jing荆 jiong炯 jiu揪
ju鞠 juan捐 jue撅 jun均 ka喀 kai开 kan刊 kang康 kao考 ke坷 ken肯 keng坑 kong空 kou抠 ku枯 kua夸
kuai块 kuan宽 kuang匡 kui亏 kun坤 kuo括 la垃 lai莱 lan蓝 lang琅 lao捞 le勒 lei雷 leng棱 li厘
lia俩 lian联 liang粮 liao撩 lie列 lin琳 ling玲 liu溜 long龙 lou楼 lu芦 lü驴 luan峦 lüe掠 lun抡
luo萝 ma妈 mai埋 man瞒 mang芒 mao猫 me么 mei玫 men门 meng萌 mi眯 mian棉 miao苗 mie蔑 min民
ming明 miu谬 mo摸 mou谋 mu拇 na拿 nai氖 nan南 nang囊 nao挠 ne呢 nei馁 nen嫩 neng能 ni妮 nian蔫
niang娘 niao鸟 nie捏 nin您 ning柠 niu牛 nong脓 nu奴 nü女 nuan暖 nüe虐 nuo挪 o哦 ou欧 pa啪 pai拍
pan攀 pang乓 pao抛 pei呸 pen喷 peng砰 pi坯 pian篇 piao飘 pie撇 pin拼 ping乒 po坡 pou剖 pu扑
qi期 qia掐 qian牵 qiang枪 qiao橇 qie切 qin钦 qing青 qiong琼 qiu秋 qu趋 quan圈 que缺 qun裙 ran然
rang瓤 rao饶 re惹 ren壬 reng扔 ri日 rong戎 rou揉 ru茹 ruan软 rui蕊 run闰 ruo若 sa撒 sai腮 san三
sang桑 sao搔 se瑟 sen森 seng僧 sha莎 shai筛 shan珊 shang墒 shao梢 she奢 shen砷 sheng声 shi师
shou收 shu蔬 shua刷 shuai摔 shuan栓 shuang霜 shui谁 shun吮 shuo说 si斯 song松 sou搜 su苏 suan酸
sui虽 sun孙 suo蓑 ta塌 tai胎 tan坍 tang汤 tao掏 te特 teng藤 ti梯 tian天 tiao挑 tie贴 ting厅
tong通 tou偷 tu凸 tuan湍 tui推 tun吞 tuo拖 wa挖 wai歪 wan豌 wang汪 wei威 wen瘟 weng嗡 wo挝 wu巫
xi昔 xia瞎 xian掀 xiang相 xiao萧 xie楔 xin薪 xing星 xiong兄 xiu休 xu墟 xuan轩 xue靴 xun勋 ya压
yan焉 yang殃 yao邀 ye椰 yi一 yin茵 ying英 yo哟 yong拥 you幽 yu迂 yuan鸳 yue曰 yun耘 za匝 zai栽
zan咱 zang赃 zao遭 ze责 zei贼 zen怎 zeng增 zha扎 zhai摘 zhan瞻 zhang樟 zhao招 zhe遮 zhen珍
zheng蒸 zhi芝 zhong中 zhou舟 zhu珠 zhua抓 zhuai拽 zhuan专 zhuang桩 zhui椎 zhun谆 zhuo捉 zi兹
zong鬃 zou邹 zu租 zuan钻 zui嘴 zun尊 zuo昨
"""

# In no first-level character, but in dictionaries and in real annotations.
_RARE_SYLLABLES = "cen chua dei den dia ei eng kei len lo lue nou nue nun rua shei tei zhei"


@cache
def _first_bytes() -> tuple[list[int], list[str]]:
    """Return the GB2312 code of each syllable's first character, ascending, and the syllables."""
    entries = _FIRST_OF_SYLLABLE.split()
    codes = [int.from_bytes(entry[-1].encode("gb2312"), "big") for entry in entries]
    return codes, [entry[:-1] for entry in entries]


@cache
def _syllables() -> frozenset[str]:
    return frozenset(_first_bytes()[1]) | frozenset(_RARE_SYLLABLES.split())


_LAST_OF_LEVEL_ONE = 0xD7F9


@lru_cache(maxsize=1 << 14)
def reading_of(char: str) -> str | None:
    """Return the toneless reading of a common character of either script, else None.

    >>> reading_of("報"), reading_of("綠"), reading_of("犇")
    ('bao', 'lü', None)
    """
    try:
        code = int.from_bytes(simplify(char).encode("gb2312"), "big")
    except UnicodeEncodeError:
        return None
    codes, syllables = _first_bytes()
    if not codes[0] <= code <= _LAST_OF_LEVEL_ONE:
        return None
    return syllables[bisect_right(codes, code) - 1]


@lru_cache(maxsize=1 << 12)
def without_tone(reading: str) -> str:
    """Return a reading without its tone mark; v, as ü is typed, becomes ü.

    >>> without_tone("lǜ"), without_tone("guó"), without_tone("lv")
    ('lü', 'guo', 'lü')
    """
    decomposed = unicodedata.normalize("NFD", reading)
    kept = "".join(c for c in decomposed if c == "\u0308" or not unicodedata.combining(c))
    return unicodedata.normalize("NFC", kept).replace("v", "ü")


def is_syllable(toneless: str) -> bool:
    """Whether a string without tone marks is one pinyin syllable."""
    return toneless in _syllables()


TONE, DIAERESIS = 0x80, 0x81
"""In `Readings.letters`: a combining mark that is left out, and the one that makes ü of u."""

_LETTER_BITS = 5
_HAN = ((0x3400, 0xA000), (0xF900, 0xFB00))


class Readings(NamedTuple):
    """What `without_tone`, `is_syllable` and `reading_of` know, as numbers for kernels.

    A toneless syllable is a number of five bits a letter, the last one lowest: a to z are 1
    to 26, and ü is 27.

    Attributes:
        letters: Number of the toneless letter, small or capital, TONE, DIAERESIS, or 0 for
            what no reading is spelled with; uint8, by code point below 0x2000.
        syllables: All syllables, ascending; uint32.
        of_chars: Reading of each character of the basic plane, 0 for none; uint32.
    """

    letters: NDArray[np.uint8]
    syllables: NDArray[np.uint32]
    of_chars: NDArray[np.uint32]


@cache
def readings() -> Readings:
    """Return the tables, built on the first call in a process."""
    numbers = {char: 1 + place for place, char in enumerate("abcdefghijklmnopqrstuvwxyzü")}
    numbers |= {"": TONE, "\u0308": DIAERESIS}
    letters = np.zeros(0x2000, np.uint8)
    for char in LETTERS.replace("a-z", "abcdefghijklmnopqrstuvwxyz"):
        letters[ord(char)] = numbers[without_tone(char)]
        if len(char.upper()) == 1:
            letters[ord(char.upper())] = letters[ord(char)]

    def packed(syllable: str) -> int:
        number = 0
        for char in syllable:
            number = number << _LETTER_BITS | numbers[char]
        return number

    first_codes, syllables = _first_bytes()
    packed_readings = np.array([packed(syllable) for syllable in syllables], np.uint32)
    of_chars = np.zeros(0x10000, np.uint32)
    for first, last in _HAN:
        simplified = simplify("".join(map(chr, range(first, last))))
        pairs = (char.encode("gb2312", "ignore") for char in simplified)
        codes = np.array([int.from_bytes(pair, "big") for pair in pairs])
        place = np.searchsorted(first_codes, codes, "right") - 1
        is_known = (place >= 0) & (codes <= _LAST_OF_LEVEL_ONE)
        of_chars[first:last][is_known] = packed_readings[place[is_known]]
    ascending = np.array(sorted(map(packed, _syllables())), np.uint32)
    return Readings(letters, ascending, of_chars)
