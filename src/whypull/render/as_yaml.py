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


def _text(dumper: yaml.SafeDumper | yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    """Quotes what holds hostile characters, so that they can stand as escapes; shows commands of several lines as such."""
    style = '"' if is_hostile(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


class _Dumper(yaml.SafeDumper):
    """Writes any text."""


class _Quick(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # absent where PyYAML came without libyaml
    """Ten times as quick, for text that can be encoded."""


_Dumper.add_representer(str, _text)
_Quick.add_representer(str, _text)


def document(diagnoses: Sequence[Diagnosis], reading: Reading) -> str:
    """One YAML document; `yaml.safe_load` of it is the JSON document."""
    return dumps(as_dict(diagnoses, reading))


def dumps(fields: dict[str, Any]) -> str:
    """Fields as YAML; hostile characters stand in double quotes only, where their escapes are read."""
    try:
        return _written(fields, _Quick)
    except UnicodeEncodeError:  # lone surrogates, from bytes that were no UTF-8
        return _written(fields, _Dumper)


def _written(fields: dict[str, Any], dumper: type[Any]) -> str:
    return str(yaml.dump(fields, Dumper=dumper, sort_keys=False, allow_unicode=True, width=1_000_000)).translate(ESCAPES)
