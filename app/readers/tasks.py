"""What a child is asked to do: the words in which the service and its confined readers speak. Plain values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from app.domain.document import PagePlan, View
from app.readers.sniff import Kind

Action = Literal["decode", "plan", "picture", "render"]
ServerKind = Literal["xml", "pdf", "pixels"]
SERVERS: dict[str, ServerKind] = {kind: kind for kind in get_args(ServerKind)}


@dataclass(frozen=True, slots=True)
class Task:
    """`decode` the document · `plan` how its `pages` (1-based) are to be read · the `picture` to read, as `plan` says · `render` a
    `page` for people at `dpi`, through `view` if given."""

    action: Action
    kind: Kind
    page: int = 1
    dpi: float = 72.0
    view: View | None = None
    pages: tuple[int, ...] = ()
    plan: PagePlan | None = None

    @property
    def server(self) -> ServerKind:
        """The smallest server that has loaded what this needs: a fork of it costs the least."""
        if self.kind == "xml":
            return "xml"
        return "pdf" if self.kind == "pdf" and (self.action == "decode" or (self.action == "render" and self.view is None)) else "pixels"
