"""An example of every body and answer, for the OpenAPI document and its readers."""

from typing import Any

__all__ = ["EXAMPLES", "RAW_TEXT"]

RAW_TEXT = (
    "　　核心阅读\n　　为有序落实分区分级精准防控策略，江西省信丰县根据实际情况推进复工复产。"
)

_SCORES = {"jaccard": 0.97, "containment": 0.98, "coverage": 0.99}

_ORIGINAL = {
    "id": "a4",
    "title": "我们多跑腿，企业少跑路",
    "url": "https://example.org/news/4",
    "published_at": "2020-03-11T09:55:00+08:00",
    "first_seen": "2026-11-22T03:25:14.063489Z",
}

_COPY = {
    "id": "a17",
    "title": None,
    "url": "https://example.com/mirror/17",
    "published_at": None,
    "first_seen": "2026-11-22T03:26:02.514207Z",
}

_DAMAGE = {
    "damaged": True,
    "score": 0.41,
    "kinds": {"pinyin_annotation": 358, "gbk_shift": 9, "keyword_stuffing": 1},
}

_CHECK = {
    "id": "a17",
    "verdict": "garbled_mirror",
    "cluster_id": "cb2a3f7d09c1e5846",
    "too_short": False,
    "promoted": False,
    "replaces": None,
    "original": _ORIGINAL,
    **_SCORES,
    "matches": [
        {
            "id": "a4",
            "verdict": "garbled_mirror",
            **_SCORES,
            "differences": {"substituted": 3, "dropped": 2, "inserted": 0, "moved": 0},
            "passages": [
                {"start": 120, "end": 860, "original_start": 31, "original_end": 640},
            ],
        }
    ],
    "damage": _DAMAGE,
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "CheckRequest": {
        "text": RAW_TEXT,
        "id": "a4",
        "title": "我们多跑腿，企业少跑路",
        "url": "https://example.org/news/4",
        "published_at": "2020-03-11T09:55:00+08:00",
        "passages": True,
    },
    "ReplaceRequest": {"text": RAW_TEXT, "title": "我们多跑腿，企业少跑路"},
    "RepairRequest": {"text": "中國(guó)臺(tái)灣網(wǎng)"},
    "ClusterDecision": {"pin": "a4"},
    "CheckAnswer": _CHECK,
    "RepairAnswer": {
        "text": "中國臺灣網",
        "damage": {"damaged": True, "score": 0.6, "kinds": {"pinyin_annotation": 3}},
        "steps": [
            {
                "repair": "pinyin_annotations",
                "kind": "pinyin_annotation",
                "edits": [
                    {"start": 2, "end": 7, "replacement": ""},
                    {"start": 8, "end": 13, "replacement": ""},
                    {"start": 15, "end": 21, "replacement": ""},
                ],
            }
        ],
    },
    "KnownArticleAnswer": {
        **_COPY,
        "format": "auto",
        "verdict": "garbled_mirror",
        "cluster_id": "cb2a3f7d09c1e5846",
        "original": _ORIGINAL,
        **_SCORES,
        "too_short": False,
        "damage": _DAMAGE,
        "text": "　　核心閱讀為有序落實(shí)分區(qū)分級(jí)精準(zhǔn)防控策略……",
    },
    "ArticlesAnswer": {
        "articles": [
            {
                **_COPY,
                "verdict": "garbled_mirror",
                "cluster_id": "cb2a3f7d09c1e5846",
                "original": "a4",
            }
        ],
        "next_cursor": "2",
    },
    "ClusterAnswer": {
        "cluster_id": "cb2a3f7d09c1e5846",
        "size": 2,
        "pinned": False,
        "original": _ORIGINAL,
        "copies": [{**_COPY, "verdict": "garbled_mirror", **_SCORES}],
        "next_cursor": None,
    },
    "ClustersAnswer": {
        "clusters": [
            {
                "cluster_id": "cb2a3f7d09c1e5846",
                "size": 2,
                "pinned": False,
                "original": _ORIGINAL,
            }
        ],
        "next_cursor": None,
    },
    "ChangesAnswer": {
        "changes": [
            {
                "sequence": 7,
                "operation": "promote",
                "cluster_id": "cb2a3f7d09c1e5846",
                "article_id": "a4",
                "former_id": "a17",
                "at": "2026-11-22T03:26:02.514207Z",
            }
        ],
        "next_since": 7,
    },
    "StatusAnswer": {"status": "ready"},
    "VersionAnswer": {
        "release": "0.1.0",
        "scheme": "affine32-xxh32-k5-p128-s1",
        "k": 5,
        "min_chars": 40,
        "thresholds": {"copy": 0.6, "partial": 0.3},
    },
}
"""By the name of the schema."""
