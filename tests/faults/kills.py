"""Services killed under load, and what is left of what they acknowledged."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random

from articles import make_edition, make_story
from invariants import Known, known_articles, violations
from service import CONNECTION_ERRORS, Client, Service, wait_until

_CLIENTS = 16
_SENDERS_A_STORY = 4
_WARM_UP_S = 30


class Victim(Enum):
    """Who is killed: all processes of the service at once, or one worker of several."""

    SERVICE = "service"
    WORKER = "worker"


@dataclass
class Load:
    """Many clients that send articles without a pause, four of them editions of each story.

    Attributes:
        name: Prefix of the articles' ids.
        reconnects: Whether a client that lost its connection sends the article again.
        acknowledged: By id.
        unanswered: Texts by id, of those that never got an answer.
        interruptions: Ids whose connection broke, once each time.
        errors: Answers that were not 200.
    """

    name: str
    reconnects: bool
    acknowledged: dict[str, Known] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)
    interruptions: list[str] = field(default_factory=list)
    errors: list[tuple[int, dict]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, service: Service, lane: int) -> None:
        """Be one client, until stopped or, without reconnecting, until cut off."""
        number = self._run_connection(service, lane, 0)
        while self.reconnects and not self.stopped.is_set():
            number = self._run_connection(service, lane, number)

    def _run_connection(self, service: Service, lane: int, number: int) -> int:
        """Send articles over one connection; return the number of the next one to send."""
        with Client(service) as client:
            while not self.stopped.is_set():
                article_id, text = self._article(lane, number)
                try:
                    self._note(article_id, text, *client.check(article_id, text))
                except CONNECTION_ERRORS:
                    self.interruptions.append(article_id)
                    self.unanswered[article_id] = text
                    break
                number += 1
        return number

    def _article(self, lane: int, number: int) -> tuple[str, str]:
        story = make_story(Random(f"{self.name}-{lane // _SENDERS_A_STORY}-{number}"))
        article_id = f"{self.name}-{lane}-{number}"
        return article_id, make_edition(story, Random(article_id))

    def _note(self, article_id: str, text: str, status: int, answer: dict) -> None:
        if status == 200:
            self.unanswered.pop(article_id, None)
            self.acknowledged[article_id] = Known(text, answer["cluster_id"])
        else:
            self.errors.append((status, answer))


def run_kills(
    store: Path, *, count: int, workers: int, victim: Victim, seed: int
) -> Iterator[Load]:
    """Kill a service under load again and again; yield the load of each kill.

    Raises:
        AssertionError: Something acknowledged is missing or another, an answer was an
            error, an article sent again was refused, or the store is not whole.
    """
    random = Random(seed)
    acknowledged: dict[str, Known] = {}
    service = Service(store, workers=workers)
    try:
        for number in range(count):
            load = Load(f"{seed}-{number}", reconnects=victim is Victim.WORKER)
            _kill_under_load(service, load, victim, after_s=random.uniform(0, 0.5))
            if victim is Victim.SERVICE:
                service = Service(store, workers=workers)
            assert load.errors == []
            assert load.interruptions, "the kill came when nobody was waiting"
            _assert_served(service, load)
            acknowledged |= load.acknowledged
            _assert_stored(store, acknowledged)
            yield load
    finally:
        service.kill()


def _kill_under_load(service: Service, load: Load, victim: Victim, *, after_s: float) -> None:
    with ThreadPoolExecutor(_CLIENTS) as pool:
        runs = [pool.submit(load.run, service, lane) for lane in range(_CLIENTS)]
        try:
            wait_until(lambda: bool(load.acknowledged), _WARM_UP_S, "a first answer", service.log)
            time.sleep(after_s)
            service.kill_a_worker() if victim is Victim.WORKER else service.kill()
        finally:
            load.stopped.set()
    for run in runs:
        run.result()


def _assert_served(service: Service, load: Load) -> None:
    """What was acknowledged is shown; what was not is taken when it is sent again."""
    with Client(service) as client:
        for article_id, known in load.acknowledged.items():
            status, article = client.get("articles", article_id)
            assert (status, article.get("text"), article.get("cluster_id")) == (200, *known)
        for article_id, text in load.unanswered.items():
            status, answer = client.check(article_id, text)
            assert status == 200, answer
        for cluster_id in {known.cluster_id for known in load.acknowledged.values()}:
            _assert_whole_cluster(*client.get("clusters", cluster_id))


def _assert_whole_cluster(status: int, cluster: dict) -> None:
    """A cluster has an original, and its copies are told with it."""
    assert status == 200, cluster
    assert cluster["size"] == 1 + len(cluster["copies"]), cluster
    assert cluster["original"]["id"] not in {copy["id"] for copy in cluster["copies"]}, cluster


def _assert_stored(store: Path, acknowledged: dict[str, Known]) -> None:
    """All that was ever acknowledged is in the file, and the file is whole."""
    known = known_articles(store)
    assert {name: known.get(name) for name in acknowledged} == acknowledged
    assert violations(store) == []
