"""Whatever bytes come, the service answers as documented, and goes on."""

from raw_requests import run_raw_requests
from server import Server

COUNT = 1_500


def test_mutated_requests(tmp_path):
    """No undocumented status, no growth; and a sound request is answered afterwards."""
    with Server(tmp_path / "store") as server:
        port = int(server.address.rpartition(":")[2])
        sent = list(run_raw_requests(port, server.process.pid, count=COUNT, seed=1))
        assert COUNT == len(sent)
        assert {"status": "ready"} == server.get("/health/ready")
