"""What is packed comes back."""

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from dedup.batch.packing import pack_answer, pack_damage, unpack_answer, unpack_damage
from dedup.errors import DedupError, EmptyTextError
from dedup.models import ArticleRecord, CheckResult, Damage, DamageKind, Match, Scores, Verdict

IDS = st.text()
VERDICTS = st.sampled_from(Verdict)
TIMES = st.datetimes(timezones=st.just(UTC))
SCORES = st.builds(Scores, *[st.integers(0, 9)] * 3)
KINDS = st.dictionaries(st.sampled_from(DamageKind), st.integers(1, 9), min_size=1)
DAMAGES = st.builds(Damage, st.booleans(), st.floats(0, 1), KINDS) | st.just(Damage())
RECORDS = st.builds(
    ArticleRecord, id=IDS, title=st.none() | IDS, url=st.none() | IDS,
    published_at=st.none() | TIMES, first_seen=TIMES,
)  # fmt: skip
MATCHES = st.builds(Match, id=IDS, verdict=VERDICTS, scores=SCORES)
ANSWERS = st.builds(
    CheckResult, id=IDS, verdict=VERDICTS, cluster_id=st.none() | IDS,
    original=st.none() | RECORDS, scores=SCORES,
    matches=st.lists(MATCHES, max_size=3).map(tuple), damage=DAMAGES,
    too_short=st.booleans(), promoted=st.booleans(), replaces=st.none() | IDS,
)  # fmt: skip


@given(ANSWERS)
def test_answers(answer: CheckResult) -> None:
    assert answer == unpack_answer(pack_answer(answer))


@given(DAMAGES)
def test_damage(damage: Damage) -> None:
    assert damage == unpack_damage(pack_damage(damage))


def test_refusals() -> None:
    refusal = unpack_answer(pack_answer(EmptyTextError("nothing")))

    assert isinstance(refusal, DedupError)
    assert ("empty_text", "nothing") == (refusal.code, str(refusal))
