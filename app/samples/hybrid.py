"""A Factur-X PDF: the pages for people, and the same invoice inside as XML, tied to the document as Factur-X 1.0 §6 says."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

from xml.sax.saxutils import escape

import pymupdf

NAME = "factur-x.xml"
DATE = "D:20260504080000Z"

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
   <fx:DocumentType>INVOICE</fx:DocumentType>
   <fx:DocumentFileName>{name}</fx:DocumentFileName>
   <fx:Version>1.0</fx:Version>
   <fx:ConformanceLevel>{level}</fx:ConformanceLevel>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def embed_xml(pdf: pymupdf.Document, xml: bytes, *, title: str, level: str = "EN 16931") -> None:
    """Puts `xml` into the open `pdf`: file specification, EmbeddedFiles name tree, AF array, XMP.

    The file does not call itself PDF/A-3: nothing here could check that it is.
    """
    stream = _stream(pdf, xml, f"<</Type/EmbeddedFile/Subtype/text#2Fxml/Params<</ModDate({DATE})/Size {len(xml)}>>>>")
    specification = _object(
        pdf,
        f"<</Type/Filespec/F({NAME})/UF({NAME})/Desc(Factur-X invoice)/AFRelationship/Alternative/EF<</F {stream} 0 R/UF {stream} 0 R>>>>",
    )
    catalog = pdf.pdf_catalog()
    pdf.xref_set_key(catalog, "Names", f"<</EmbeddedFiles<</Names[({NAME}) {specification} 0 R]>>>>")
    pdf.xref_set_key(catalog, "AF", f"[{specification} 0 R]")
    metadata = _XMP.format(title=escape(title), name=NAME, level=level)
    pdf.xref_set_key(catalog, "Metadata", f"{_stream(pdf, metadata.encode(), '<</Type/Metadata/Subtype/XML>>', compress=False)} 0 R")


def _object(pdf: pymupdf.Document, text: str) -> int:
    xref: int = pdf.get_new_xref()
    pdf.update_object(xref, text)
    return xref


def _stream(pdf: pymupdf.Document, content: bytes, dictionary: str, *, compress: bool = True) -> int:
    xref = _object(pdf, dictionary)
    pdf.update_stream(xref, content, compress=compress)
    return xref
