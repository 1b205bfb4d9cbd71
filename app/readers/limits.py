"""How much of a document is read. Every limit breaks with its own reason, and each is here because something real went past it."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on one document. Those of the document come first, then those that the kernel puts on the child that reads it."""

    # too_large
    file_bytes: int = 25 * MIB  # what a mail gateway lets through; a 200-page digital invoice is under 10 MiB
    xml_bytes: int = 20 * MIB  # e-invoices carry attachments as base64; their own text is under 1 MiB

    frame_pixels: int = 120_000_000  # of one picture: A3 at 600 dpi is 70 million, telephones make 108. A PNG of 1 KB can claim 2.5e9

    # too_many_pages
    pages: int = 200  # the longest real invoices (telephone bills) have some 150

    # parser_limit
    page_side: float = 14_400.0  # points; PDF 1.7's own bound. A page of 1e9 points makes every later size overflow
    words_on_page: int = 20_000  # a dense A3 table has about 3,000
    words: int = 200_000  # about 1,000 on each of 200 pages
    document_bytes: int = 16 * MIB  # all that a document may say, as encoded; 200,000 words are about 5 MiB

    # longer words are cut: nothing on an invoice is that long, and patterns over one endless word take for ever
    word_length: int = 300

    # the e-invoice inside a PDF is left out (note `unreadable_xml`), the pages are still read
    attachment_bytes: int = 20 * MIB  # after decompression, so that a few KiB of zeros do not become a GiB
    attachment_names: int = 100

    # a picture of a page, to show or to read: it gets smaller instead of failing
    pixels: int = 16_000_000  # A4 at 300 dpi is 8.7 million; 64 MB of memory in RGB with overhead
    dpi: int = 300

    # parser_limit, by the kernel
    wall_seconds: float = 20.0  # also stops what sleeps; twice the CPU limit, for a machine that is shared
    cpu_seconds: int = 10  # an honest 200-page invoice needs about 2
    memory_bytes: int = 1536 * MIB  # address space; the preloaded parsers already map 150 MiB of it
    result_bytes: int = 64 * MIB  # RLIMIT_FSIZE: the child's answer, the only thing that it can write
    open_files: int = 64

    # planning looks at every page that must be read, in one child: more time for more pages
    cpu_seconds_a_page: float = 0.5  # a full-page Flate or JPEG 2000 scan at 600 dpi; a JPEG needs a tenth
    wall_seconds_a_page: float = 1.0

    def seconds(self, pages: int) -> tuple[int, float]:
        """CPU and wall time of a child that looks at so many pages."""
        more = max(pages - 1, 0)
        return self.cpu_seconds + int(more * self.cpu_seconds_a_page), self.wall_seconds + more * self.wall_seconds_a_page
