"""Verdicts as columns of a table."""

import pyarrow as pa
import pytest

from dedup import Article, InvalidFieldError
from dedup.batch.arrow import VERDICT_SCHEMA, add_verdicts


class TestAddVerdicts:
    def test_a_row_an_article(self, seeds):
        """Each row gets its verdict, and its own columns stay as they were."""
        table = pa.table({"name": list(seeds), "body": list(seeds.values())})

        done = add_verdicts(table, columns={"id": "name", "text": "body"})

        assert table.equals(done.select(["name", "body"]))
        row = next(row for row in done.to_pylist() if row["name"] == "000")
        assert ("garbled_mirror", "004") == (row["dedup_verdict"], row["dedup_original"])
        assert row["dedup_damaged"]
        assert VERDICT_SCHEMA.names == done.column_names[2:]

    def test_usual_names_and_no_ids(self, seeds):
        """Columns go by their usual names, and a row without an id is its number."""
        done = add_verdicts(pa.table({"正文": [seeds["002"], seeds["002"]]}))

        assert ["0", "1"] == done["dedup_id"].to_pylist()
        assert ["new", "exact"] == done["dedup_verdict"].to_pylist()

    def test_refused_articles(self, seeds):
        """An article that nothing can be said of has its error."""
        done = add_verdicts(pa.table({"text": [seeds["002"], "……"]})).to_pylist()

        assert done[1]["dedup_error"].startswith("empty_text")
        assert done[1]["dedup_verdict"] is None

    def test_against_known_articles(self, dedup, seeds):
        """Rows are compared with what is known, and known from then on."""
        dedup.check(Article(text=seeds["004"], id="known"))

        done = add_verdicts(pa.table({"text": [seeds["000"]]}), deduplicator=dedup)

        assert ["known"] == done["dedup_original"].to_pylist()
        assert 2 == dedup.stats().articles

    def test_no_text(self):
        """A table without texts is told by the name that is missing."""
        with pytest.raises(InvalidFieldError, match="text"):
            add_verdicts(pa.table({"number": [1]}))
