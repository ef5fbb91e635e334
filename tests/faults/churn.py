"""Every way to change a store, at once, over several workers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from articles import make_edition, make_story
from invariants import violations
from service import Client, Service, clients_on_all_workers

_CLIENTS = 8
_WORKERS = 2
_STORIES = 6
_IDS = 40
_EXPECTED = {200, 204, 404, 409}


def run_churn(store: Path, *, requests: int, seed: int) -> int:
    """Check, replace, delete, pin, separate and look up a few articles; return how often.

    Raises:
        AssertionError: An answer was unexpected, or the store is not whole in the end.
    """
    with Service(store, workers=_WORKERS) as service, ThreadPoolExecutor(_CLIENTS) as pool:
        clients = clients_on_all_workers(service, _CLIENTS)
        runs = [
            pool.submit(_run_client, client, requests // _CLIENTS, Random(f"{seed}-{lane}"))
            for lane, client in enumerate(clients)
        ]
        answered = sum(run.result() for run in runs)
        for client in clients:
            client.close()
    assert violations(store) == []
    return answered


def _run_client(client: Client, requests: int, random: Random) -> int:
    for number in range(requests):
        status, answer = _send_something(client, random)
        assert status in _EXPECTED, (number, status, answer)
    return requests


def _send_something(client: Client, random: Random) -> tuple[int, dict]:
    article_id = f"article {random.randrange(_IDS)}"
    story = make_story(Random(random.randrange(_STORIES)))
    text = make_edition(story, random)
    choice = random.random()
    if choice < 0.4:
        return client.check(article_id, text)
    if choice < 0.6:
        return client.send("PUT", "articles", article_id, body={"text": text})
    if choice < 0.75:
        return client.send("DELETE", "articles", article_id)
    status, article = client.get("articles", article_id)
    if status != 200:
        return status, article
    cluster_id = article["cluster_id"]
    if choice < 0.9:
        return client.get("clusters", cluster_id)
    decision = {random.choice(["pin", "not_a_copy"]): article_id}
    return client.send("PATCH", "clusters", cluster_id, body=decision)
