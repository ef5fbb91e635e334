"""Whatever bytes come, the service answers as documented, and goes on."""

import os
from pathlib import Path

from raw_requests import DOCUMENTED, RawRequests, send
from server import Server

COUNT = int(os.environ.get("DEDUP_RAW_REQUESTS", "1500"))
GROWTH_BYTES = 48 << 20


def resident_bytes(pid: int) -> int:
    """Return the memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_mutated_requests(tmp_path):
    """No undocumented status, no growth; and a sound request is answered afterwards."""
    with Server(tmp_path / "store") as server:
        port = int(server.address.rpartition(":")[2])
        requests = RawRequests(seed=1)
        before = None
        for number in range(COUNT):
            request = requests.make()
            unknown = set(send(port, request)) - DOCUMENTED
            assert not unknown, (unknown, request)
            if number == COUNT // 3:
                before = resident_bytes(server.process.pid)
        grown = resident_bytes(server.process.pid) - before
        assert grown < GROWTH_BYTES, f"{grown >> 20} MB more"
        assert {"status": "ready"} == server.get("/health/ready")
