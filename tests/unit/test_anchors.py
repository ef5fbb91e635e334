"""Places that belong together in two texts."""

import numpy as np

from dedup.anchors import find_anchors
from dedup.sketch.alignment import align
from dedup.text.folding import Folder


def anchors(text, original):
    folder = Folder.load()
    a, b = folder.fold(text), folder.fold(original)
    alignment = align(a.codes, b.codes, 5)
    return find_anchors(original, alignment.passages, alignment.partners, a.origins, b.origins)


def test_lines_lead_to_their_like():
    """Each line of the original that the text carries is found where it begins there."""
    lines = [
        "为有序落实分区分级精准防控策略",
        "推动产业链各环节协同复工复产",
        "切实解决实际困难的办法很多",
    ]
    original = "\n　　".join(lines)
    text = "网站首页 " + "。".join(lines)

    found = anchors(text, original)

    assert [(text.index(line), original.index(line)) for line in lines[1:]] == list(found)


def test_sentences_of_a_long_line():
    """A line of many sentences has anchors inside, but not at every short sentence."""
    sentences = [
        f"{chr(0x4E00 + 97 * i)}{'为有序落实分区分级'[i % 9 :]}策略第{i}项推动企业。"
        for i in range(60)
    ]
    original = "".join(sentences)

    found = anchors(original, original)

    gaps = np.diff([0, *(anchor.original_start for anchor in found)])
    assert len(found) > 3
    assert (gaps >= 120).all()
    assert all(anchor.start == anchor.original_start for anchor in found)


def test_texts_without_lines():
    """Where nothing begins inside of a passage there is no anchor."""
    assert () == anchors("为有序落实分区分级精准防控策略", "为有序落实分区分级精准防控策略")
    assert () == anchors("甲乙丙丁", "为有序落实分区分级精准防控策略")
