"""Run on a node of the lab: reads it, walks the pull from it, and prints the case. Standard input: what to walk, as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import replace


def main() -> None:
    """Prints a case with what the node's files say and what the walk tried."""
    from whypull.casefile import dumps
    from whypull.commands.on_node import walked
    from whypull.dockerconfig import decode_config
    from whypull.model import Case, Pull
    from whypull.read.node_files import collect

    asked = json.load(sys.stdin)
    secrets = [decode_config(text.encode()) for text in asked["secrets"]]
    seen = collect("/", asked["pid"], asked["node"])
    if asked["environment"] is not None:  # skopeo has no process between two pulls
        seen = replace(seen, environment=asked["environment"], running="yes")
    facts = walked(asked["image"], seen, secrets, seconds=asked["seconds"])
    print(
        dumps(
            Case(
                Pull(image=asked["image"], node=asked["node"], runtime=f"{seen.runtime} {seen.version}".strip()),
                facts,
                f"node {asked['node']}",
            )
        )
    )


if __name__ == "__main__":
    main()
