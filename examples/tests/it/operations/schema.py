# What of a dashboard Grafana's own types do not know: python3 schema.py dashboard.json
# Prints a line for each field that they lose, and each value that is none of its enumeration.
# Wants grafana-foundation-sdk, whose models are made from Grafana's schemas.

import enum
import json
import sys
import typing

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard


def lost(ours, theirs, at):
    """Fields that did not come back as they went in."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from lost(value, theirs[key], f"{at}.{key}")
            else:
                yield f"{at}.{key} is not known"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for i, (one, other) in enumerate(zip(ours, theirs)):
            yield from lost(one, other, f"{at}[{i}]")
    elif ours != theirs:
        yield f"{at} is {ours!r}, and becomes {theirs!r}"


def enumerations(hint):
    """The enumerations that a type allows, itself or inside."""
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        yield hint
    for inner in typing.get_args(hint):
        yield from enumerations(inner)


def odd(thing, at):
    """Values that their enumeration does not have."""
    if isinstance(thing, (list, tuple)):
        for i, one in enumerate(thing):
            yield from odd(one, f"{at}[{i}]")
    elif isinstance(thing, dict):
        for key, one in thing.items():
            yield from odd(one, f"{at}.{key}")
    elif type(thing).__module__.startswith("grafana_foundation_sdk.models"):
        if isinstance(thing, enum.Enum):
            return
        for name, hint in typing.get_type_hints(type(thing)).items():
            value = getattr(thing, name, None)
            kinds = list(enumerations(hint))
            if kinds and isinstance(value, (str, int)):
                if not any(value in [it.value for it in kind] for kind in kinds):
                    yield f"{at}.{name} is {value!r}, none of {kinds[0].__name__}"
            yield from odd(value, f"{at}.{name}")


def main(path):
    plugins.register_default_plugins()
    with open(path, encoding="utf-8") as file:
        ours = json.load(file)
    typed = Dashboard.from_json(ours)
    theirs = json.loads(JSONEncoder().encode(typed))
    for line in (*lost(ours, theirs, "dashboard"), *odd(typed, "dashboard")):
        print(line)


main(sys.argv[1])
