"""A model's profiles.json as the tools want it: `shapes.py FILE` gives trtexec's options, `shapes.py FILE min|opt|max` polygraphy's shapes.

Runs inside the container, on its Python: the standard library only.
"""

import json
import sys


def main(file: str, kind: str | None = None) -> None:
    with open(file, encoding="utf-8") as opened:
        profiles = json.load(opened)
    if kind is not None:
        for name, shapes in profiles.items():
            print(f"{name}:{shapes[kind]}".replace(" ", ""))
        return
    for each in ("min", "opt", "max"):
        print(f"--{each}Shapes=" + ",".join(f"{name}:{'x'.join(map(str, shapes[each]))}" for name, shapes in profiles.items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
