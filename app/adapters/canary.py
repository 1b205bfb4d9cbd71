"""A small picture that every engine can read ("Invoice total"), made without a drawing library: to tell a bad page from a bad engine."""

from __future__ import annotations

import base64
import os
import zlib

CANARY_DPI = 200.0
_WIDTH, _HEIGHT = 304, 73
# One bit a pixel, ink is 1; zlib, base 85.
_INK = (
    "c-rmMv1-FG5C-5A8g7$bAlR>QgRoyoqlZ9LI`p;VH&Mw8Xmmi0dTN|NWOYjE<R1<j{DI}W!vK5s?0GTfenZuR@VXLV6|X4xKh>AZ"
    "$dy2QR$}2wl~SiU;9K@2GmH^1=_@A8waOvjdk%!zofcMoF6Ew;o>}1>Nq_j|$Zs693q97##i-Fm>f{^-R)&R<zETja)-cgQ%)Vna"
    "v1ll3RZ&Kqy;>ECN-3~Yr+~<SbefedLT(iu6d0n13cslCrgCN#i#lzUF}1?HRR^k7e`%@vxnMol(D=sA*2*-LvbRp0SLMUhRCQOU"
    "MkjQrC)83H?$hqpX;0WxpJj90&*qH0Ii}w#>E&Y!1#cjv@hdhIl#RZYjfR9*Nd4tmtr@r$(A<inh+xpi{TI4t&tK&mAfDo3"
)


def canary() -> tuple[int, int, int]:
    """An open memfd with the pixels as `app.ports.Picture` holds them, their width and their height. The caller closes it."""
    packed = zlib.decompress(base64.b85decode(_INK))
    grey = b"".join(bytes(0 if byte >> bit & 1 else 255 for bit in range(7, -1, -1)) for byte in packed)
    memory = os.memfd_create("canary", os.MFD_CLOEXEC)
    os.write(memory, grey)
    return memory, _WIDTH, _HEIGHT
