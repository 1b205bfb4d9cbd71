"""The command line as people and scripts use it: what it prints where, and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from app.samples import make_samples
from tests.rendered import ENGLISH
from tests.rendered import page as rendered_page
from tests.service import COMMAND, PATIENCE, ServiceProcess

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    make_samples(folder)
    return folder


def run(*arguments: str | Path, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=4 * PATIENCE, env=os.environ | (environ or {}), check=False
    )


def test_one_json_line_a_file_in_input_order_and_nothing_left_behind(samples: Path, tmp_path: Path) -> None:
    good = [samples / "08-invoice-cii.xml", samples / "01-invoice-english.pdf"]
    done = run("process", *good, "--json", environ={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in told] == list(map(str, good))
    assert [line["status"] for line in told] == ["approved", "approved"]
    assert list(tmp_path.iterdir()) == []


def test_how_sure_is_sure_enough_is_a_setting_that_results_remember(samples: Path) -> None:
    files = [samples / "08-invoice-cii.xml", samples / "01-invoice-english.pdf"]
    done = run("process", *files, "--json", environ={"INVOICESTREAM_SURE": "1"})  # which nothing read from a page is
    einvoice, page = map(json.loads, done.stdout.splitlines())
    assert (einvoice["status"], page["status"]) == ("approved", "needs_review")
    assert {finding["rule"] for finding in page["findings"]} == {"unsure"}
    assert page["versions"]["policy"].endswith(" at 1")
    assert run("process", *files, environ={"INVOICESTREAM_SURE": "95"}).returncode == 2


def test_what_needs_a_person_or_was_refused_is_exit_1_and_every_file_has_its_line(samples: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").touch()
    (tmp_path / "page.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "twin.xml").write_bytes((samples / "08-invoice-cii.xml").read_bytes())
    (tmp_path / ".hidden").write_text("not asked for")
    done = run("process", samples / "08-invoice-cii.xml", tmp_path, "--json")
    told = {Path(line["file"]).name: line for line in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert {name: (line["status"], line["reason"]) for name, line in told.items()} == {
        "08-invoice-cii.xml": ("approved", None),
        "empty.pdf": ("quarantined", "empty"),
        "page.svg": ("quarantined", "unsupported_type"),
        "twin.xml": ("approved", None),
    }
    assert told["twin.xml"]["duplicate_of"] == told["08-invoice-cii.xml"]["id"]


def test_a_path_that_is_not_there_is_exit_2_before_anything_is_done(samples: Path) -> None:
    done = run("process", samples / "08-invoice-cii.xml", samples / "nowhere.pdf", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere.pdf" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("process",), ("unheard-of",), ("keys", "create")])
def test_wrong_usage_is_exit_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).returncode == 2


def test_settings_that_cannot_be_meant_are_exit_2_and_name_the_variable(tmp_path: Path) -> None:
    done = run("serve", environ={"INVOICESTREAM_DATA": str(tmp_path), "INVOICESTREAM_BROKER_URL": "carrier-pigeon://"})
    assert done.returncode == 2 and "BROKER_URL" in done.stderr
    done = run("serve", environ={"INVOICESTREAM_DATA": str(tmp_path), "INVOICESTREAM_PORT": "many"})
    assert done.returncode == 2 and "INVOICESTREAM_PORT" in done.stderr


def test_doctor_looks_at_everything(tmp_path: Path) -> None:
    done = run("doctor", environ={"INVOICESTREAM_DATA": str(tmp_path / "data")})
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split()[1] for line in done.stdout.splitlines()} == {
        *("python", "disk", "sandbox", "ocr", "models", "sql", "documents", "blobs", "broker", "stream")
    }


def test_doctor_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "invoices.db").write_text("this is no database")
    done = run("doctor", environ={"INVOICESTREAM_DATA": str(tmp_path)})
    assert done.returncode == 3
    assert next(line for line in done.stdout.splitlines() if line.startswith("FAIL")).split()[1] == "sql"


def test_doctor_says_what_to_install_for_reading(tmp_path: Path) -> None:
    done = run("doctor", environ={"INVOICESTREAM_DATA": str(tmp_path), "INVOICESTREAM_TESSERACT": str(tmp_path / "none")})
    assert done.returncode == 3
    (failed,) = (line for line in done.stdout.splitlines() if line.startswith("FAIL"))
    assert failed.split()[1] == "ocr" and "not installed" in failed and "apt-get install tesseract-ocr" in failed


def test_a_scan_without_an_engine_to_read_it_ends_at_once(samples: Path, tmp_path: Path) -> None:
    page, _ = rendered_page(*ENGLISH)
    scan = tmp_path / "scan.png"
    Image.frombytes("L", (page.width, page.height), os.pread(page.memory, page.width * page.height, 0)).save(scan)
    page.close()
    nobody = {"INVOICESTREAM_TESSERACT": str(tmp_path / "none"), "INVOICESTREAM_INFERENCE_URL": "none"}
    done = run("process", samples / "08-invoice-cii.xml", scan, "--json", environ=nobody)
    assert done.returncode == 3 and "ocr" in done.stderr and "not installed" in done.stderr
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["approved"]
    done = run(
        "process",
        scan,
        "--json",
        environ={"INVOICESTREAM_TESSERACT": str(tmp_path / "none"), "INVOICESTREAM_OCR_ENGINES": "tesseract,ppocr"},
    )
    (told,) = map(json.loads, done.stdout.splitlines())
    assert told["invoice"]["number"] == "2026-0117" and told["fields"]["number"]["engine"].startswith("PP-OCRv6")


def test_keys_beside_a_running_service(tmp_path: Path) -> None:
    with ServiceProcess(tmp_path / "data") as service:
        second = service.command("keys", "create", "second", "--scope", "read").strip()
        service.key = second
        client = service.client()
        assert client.call("GET", "/invoices").status == 200
        assert client.post({"a.pdf": b"%PDF-1.7"}).status == 403
        service.command("keys", "revoke", second.split("_")[1])
        status = 200
        for _ in range(100):  # at most 5 s, by promise
            if (status := client.call("GET", "/invoices").status) == 401:
                break
            subprocess.run(["sleep", "0.06"], check=True)
        assert status == 401
        client.close()


def test_a_second_service_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with ServiceProcess(tmp_path / "data") as service:
        done = run("serve", "--port", "0", environ={"INVOICESTREAM_DATA": str(service.data)})
        assert done.returncode != 0
        assert "another InvoiceStream process" in done.stderr
