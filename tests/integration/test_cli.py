"""The `dedup` command as a process: output, messages, exit status."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from server import DEDUP, Server

SEEDS = Path(__file__).parent.parent.parent / "seeds"


def dedup(*arguments, status=0, **options):
    done = subprocess.run(
        [DEDUP, *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )
    assert status == done.returncode, done.stderr
    assert "Traceback" not in done.stderr
    return done


def scan(folder, *options, **expected):
    lines = dedup("scan", folder, "--json", *options, **expected).stdout.splitlines()
    return {answer["id"]: answer for answer in map(json.loads, lines)}


class TestScan:
    def test_seeds_as_json(self):
        """One object a line for each article, with the fields of the contract."""
        answers = scan(SEEDS)

        assert 5 == len(answers)
        [mirror] = [a for a in answers.values() if a["verdict"] == "garbled_mirror"]
        assert mirror["id"] == mirror["path"] == "000_0e045de3cfe3638e.txt"
        assert "004_52fef1ac75084d80.txt" == mirror["original"]
        assert {"path", "id", "verdict", "original", "cluster_id", "jaccard", "containment",
                "coverage", "damage"} == set(mirror)  # fmt: skip
        assert mirror["containment"] >= 0.95
        assert mirror["coverage"] >= 0.97

    def test_seeds_as_a_table(self):
        """A person sees every article and how many there are of each verdict."""
        output = dedup("scan", SEEDS).stdout

        assert "000_0e045de3cfe3638e.txt  garbled_mirror  004_52fef1ac75084d80.txt" in output
        assert "5 articles: 1 garbled_mirror, 4 new" in output

    def test_every_format(self, tmp_path):
        """Text, Markdown and JSONL, compressed or not, in folders, in Chinese encodings."""
        text = next(SEEDS.glob("002*")).read_text()
        (tmp_path / "gbk.txt").write_bytes(text.encode("gb18030"))
        (tmp_path / "deep" / "er").mkdir(parents=True)
        (tmp_path / "deep" / "er" / "note.md.gz").write_bytes(gzip.compress(text.encode()))
        lines = [{"text": text, "id": "line", "published_at": "2020-03-25"}, {"text": text}]
        jsonl = "\n".join(json.dumps(line) for line in lines)
        (tmp_path / "lines.jsonl").write_text(jsonl + "\n\n")

        answers = scan(tmp_path)

        assert {"gbk.txt", "deep/er/note.md.gz", "line", "lines.jsonl:2"} == set(answers)
        assert "new" == answers.pop("line")["verdict"]  # the only one with a date
        assert {"exact"} == {answer["verdict"] for answer in answers.values()}

    def test_unreadable_files_are_told_and_skipped(self, tmp_path):
        """What gives no article is reported; the rest goes on; the status is 1."""
        shutil.copy(next(SEEDS.glob("004*")), tmp_path / "good.txt")
        (tmp_path / "empty.txt").write_text("")
        (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 9)
        (tmp_path / "damaged.txt.gz").write_bytes(b"no gzip")
        (tmp_path / "picture.png").write_bytes(b"\x89PNG")
        (tmp_path / "lines.jsonl").write_text('{"text": 5}\nnonsense\n{"txt": ""}\n')
        (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
        (tmp_path / "fails.txt").symlink_to("/proc/self/mem")  # reading it is an error
        os.mkfifo(tmp_path / "waits.txt")  # reading it would wait forever

        done = dedup("scan", tmp_path, "--json", status=1)

        assert ["good.txt"] == [json.loads(line)["id"] for line in done.stdout.splitlines()]
        for name in (
            "empty.txt", "binary.txt", "damaged.txt.gz", "picture.png", "gone.txt", "fails.txt",
            "waits.txt", "lines.jsonl:1", "lines.jsonl:2", "lines.jsonl:3",
        ):  # fmt: skip
            assert f"skipped {name}: " in done.stderr

    def test_quiet(self, tmp_path):
        """Asked to be quiet, it prints the counts alone, and tells of what it skipped there."""
        shutil.copy(next(SEEDS.glob("004*")), tmp_path / "good.txt")
        (tmp_path / "empty.txt").write_text("")

        done = dedup("scan", tmp_path, "--quiet", status=1)

        assert ("1 articles: 1 new, 1 skipped\n", "") == (done.stdout, done.stderr)

    def test_report(self, tmp_path):
        """The report is one file without a link to anything, beside the usual output."""
        output = dedup("scan", SEEDS, "--html", tmp_path / "report.html").stdout

        assert "5 articles: 1 garbled_mirror, 4 new" in output
        page = (tmp_path / "report.html").read_text()
        assert not re.search(r'(?:src|href)="', page.partition("<script type")[0])
        assert ["report.html"] == [path.name for path in tmp_path.iterdir()]

    def test_report_that_cannot_be_written(self, tmp_path):
        """That is told before anything is read, with what is wrong."""
        done = dedup("scan", SEEDS, "--html", tmp_path / "no" / "report.html", status=2)

        assert "there is no folder" in done.stderr

    def test_missing_folder(self, tmp_path):
        """A folder that is not there is wrong usage."""
        message = dedup("scan", tmp_path / "nowhere", status=2).stderr

        assert "does not exist" in " ".join(message.replace("│", " ").split())  # however it wraps

    def test_empty_folder(self, tmp_path):
        """Nothing to do is done."""
        assert {} == scan(tmp_path)

    def test_durable_store(self, tmp_path):
        """A second scan knows what the first one saw, and changes nothing of it."""
        store = tmp_path / "store"
        first = scan(SEEDS, "--store", store)

        assert first == scan(SEEDS, "--store", store)
        other = tmp_path / "other"
        other.mkdir()
        shutil.copy(next(SEEDS.glob("000*")), other / "copy.txt")
        answer = scan(other, "--store", store)["copy.txt"]
        assert "004_52fef1ac75084d80.txt" == answer["original"]

    def test_processes_end_with_the_one_that_started_them(self, tmp_path):
        """Whoever kills a scan leaves none of its processes behind."""
        text = next(SEEDS.glob("004*")).read_text()
        with (tmp_path / "lines.jsonl").open("w") as lines:
            for number in range(4_000):
                lines.write(json.dumps({"text": f"{number}{text}", "id": str(number)}) + "\n")
        scanning = psutil.Popen([DEDUP, "scan", tmp_path, "--jobs", "2"], stdout=subprocess.DEVNULL)
        while len(workers := scanning.children()) < 2:
            assert scanning.poll() is None
            time.sleep(0.05)
        scanning.kill()
        scanning.wait()

        assert [] == psutil.wait_procs(workers, timeout=60)[1]


class TestCheck:
    def test_files_against_one_another(self):
        """Without a store, each file is checked against those before it."""
        original, mirror = next(SEEDS.glob("004*")), next(SEEDS.glob("000*"))

        output = dedup("check", original, mirror).stdout

        assert f"{original}: new" in output
        assert f"garbled_mirror of {original}" in output

    def test_evidence(self):
        """Lines of the copy are shown with those of the original under them."""
        original, mirror = next(SEEDS.glob("004*")), next(SEEDS.glob("000*"))

        lines = [line.strip() for line in dedup("check", original, mirror).stdout.splitlines()]

        [place] = [
            i for i, line in enumerate(lines) if line.startswith("› 為有序落實(shí)分區(qū)")
        ]
        assert lines[place + 1].startswith("为有序落实分区分级精准防控策略")

    def test_evidence_cannot_reach_the_terminal(self, tmp_path):
        """Control characters of an article are shown by their numbers."""
        text = "为有序落实\x1b[31m分区分级\u202e精准防控策略，推动企业复工复产，保障物资需求。" * 5
        for name in ("one.txt", "two.txt"):
            (tmp_path / name).write_text(text)

        output = dedup("check", tmp_path / "one.txt", tmp_path / "two.txt").stdout

        assert "<U+001B>[31m" in output
        assert not {"\x1b", "\u202e"} & set(output)

    def test_quiet(self):
        """Asked to be quiet, it prints the verdicts alone."""
        seed = next(SEEDS.glob("004*"))

        assert f"{seed}: new\n" == dedup("check", seed, "-q").stdout

    def test_store_is_left_alone(self, tmp_path):
        """A check remembers only when told to."""
        seed = next(SEEDS.glob("004*"))
        for expected in ("new", "new"):
            done = dedup("check", seed, "--store", tmp_path, "--json")
            assert expected == json.loads(done.stdout)["verdict"]
        dedup("check", seed, "--store", tmp_path, "--remember")
        shutil.copy(seed, tmp_path / "copy.txt")
        done = dedup("check", tmp_path / "copy.txt", "--store", tmp_path, "--json")
        assert "exact" == json.loads(done.stdout)["verdict"]

    def test_store_of_another_program(self, tmp_path):
        """A store that cannot be used is one line of explanation."""
        (tmp_path / "dedup.sqlite3").write_bytes(b"something else" * 999)

        done = dedup("check", next(SEEDS.glob("004*")), "--store", tmp_path, status=1)

        assert "the store is damaged" in done.stderr


class TestRepair:
    def test_text_alone(self):
        """The repaired text goes to standard output, what was wrong to standard error."""
        done = dedup("repair", next(SEEDS.glob("000*")))

        assert "(guó)" not in done.stdout
        assert "pinyin_annotation" in done.stderr

    def test_page(self, tmp_path):
        """Of a page the main text is repaired, without its markup and navigation."""
        text = (
            "县里的工作人员来到(dào)企(qǐ)业(yè)，了解(jiě)复工遇到的困难，帮助解决口罩的问题。" * 3
        )
        links = "<ul><li><a href='/'>首页</a></li><li><a href='/a'>财经</a></li></ul>"
        page = f"<!DOCTYPE html><title>新闻</title><body>{links}<p>{text}</p></body>"
        (tmp_path / "page.html").write_text(page)
        done = dedup("repair", tmp_path / "page.html")

        assert "来到企业，了解复工" in done.stdout
        assert not {"<p>", "(dào)", "首页"} & set(done.stdout.split())
        assert "<" not in done.stdout

    @pytest.mark.parametrize("seed", ["002", "004"])
    def test_clean_text_is_byte_identical(self, seed):
        """Undamaged text comes back as it was, to the byte."""
        path = next(SEEDS.glob(f"{seed}*"))
        done = subprocess.run([DEDUP, "repair", path], capture_output=True, check=True)

        assert path.read_bytes() == done.stdout


class TestServe:
    def test_durable_after_kill(self, tmp_path):
        """What was acknowledged is there after kill -9."""
        store = tmp_path / "store"
        seeds = {path.name[:3]: path.read_text() for path in SEEDS.glob("*.txt")}
        for name in sorted(seeds):
            with Server(store) as server:
                answer = server.post("/check", {"text": seeds[name], "id": name})
                assert name == answer["id"]
                server.process.send_signal(signal.SIGKILL)

        with Server(store) as server:
            answer = server.post("/check", {"text": seeds["000"], "id": "again"})
            assert "004" == answer["original"]["id"]
            assert all(server.get(f"/articles/{name}")["text"] == seeds[name] for name in seeds)

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_unusable_store(self, tmp_path, workers):
        """A store that cannot be opened is told in a line, and nothing is served."""
        (tmp_path / "dedup.sqlite3").write_bytes(b"this is no database" * 1000)
        done = subprocess.run(
            [DEDUP, "serve", "--store", tmp_path, "--port", "0", "--workers", workers],
            capture_output=True,
            text=True,
            check=False,
        )

        assert 1 == done.returncode
        assert re.fullmatch(r"dedup: .*(store|database).*\n", done.stderr)

    def test_stops_when_told(self, tmp_path):
        """SIGTERM ends the service in good order, and of the signal."""
        with Server(tmp_path) as server:
            server.process.terminate()
            assert "Application shutdown complete" in server.log()
            assert -signal.SIGTERM == server.process.wait(10)
