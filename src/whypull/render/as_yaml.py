"""Diagnoses → YAML, the same content as the JSON."""

from __future__ import annotations

import yaml

from whypull.render.as_json import as_dict
from whypull.render.safe import ESCAPES, is_hostile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from whypull.model import Diagnosis, Reading


class _Dumper(yaml.SafeDumper):
    """Quotes what holds hostile characters, so that they can stand as escapes; shows commands of several lines as such."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if is_hostile(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def document(diagnoses: Sequence[Diagnosis], reading: Reading) -> str:
    """One YAML document; `yaml.safe_load` of it is the JSON document."""
    return dumps(as_dict(diagnoses, reading))


def dumps(fields: dict[str, Any]) -> str:
    """Fields as YAML; hostile characters stand in double quotes only, where their escapes are read."""
    written = yaml.dump(fields, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return str(written).translate(ESCAPES)
