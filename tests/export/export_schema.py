"""As much of JSON Schema as docs/export-schema.json uses; a keyword beyond that is an error."""

from __future__ import annotations

import re

TYPES = {"object": dict, "array": list, "string": str, "null": type(None)}
SILENT = {"$schema", "$id", "$defs", "title", "description"}


def problems(value, schema, root, where="$"):
    """Yield what is wrong with `value`."""
    for keyword, rule in schema.items():
        if keyword not in SILENT:
            yield from CHECKS[keyword](value, rule, {"schema": schema, "root": root, "where": where})


def _is(value, kind):
    return type(value) is int if kind == "integer" else isinstance(value, TYPES[kind])


def _type(value, rule, at):
    if not any(_is(value, kind) for kind in ([rule] if isinstance(rule, str) else rule)):
        yield f"{at['where']}: {value!r} is no {rule}"


def _holds(test):
    def check(value, rule, at):
        if not test(value, rule):
            yield f"{at['where']}: {value!r} breaks {rule!r}"

    return check


def _properties(value, rule, at):
    for name, schema in rule.items() if isinstance(value, dict) else ():
        if name in value:
            yield from problems(value[name], schema, at["root"], f"{at['where']}.{name}")


def _items(value, rule, at):
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from problems(item, rule, at["root"], f"{at['where']}[{index}]")


def _additional(value, rule, at):
    for name in set(value) - set(at["schema"]["properties"]) if isinstance(value, dict) and not rule else ():
        yield f"{at['where']}: nothing is called {name!r}"


def _reference(value, rule, at):
    yield from problems(value, at["root"]["$defs"][rule.removeprefix("#/$defs/")], at["root"], at["where"])


CHECKS = {
    "type": _type,
    "const": _holds(lambda value, rule: value == rule),
    "enum": _holds(lambda value, rule: value in rule),
    "pattern": _holds(lambda value, rule: not isinstance(value, str) or re.search(rule, value)),
    "minLength": _holds(lambda value, rule: not isinstance(value, str) or len(value) >= rule),
    "minimum": _holds(lambda value, rule: not isinstance(value, int) or value >= rule),
    "required": _holds(lambda value, rule: not isinstance(value, dict) or set(rule) <= set(value)),
    "properties": _properties,
    "items": _items,
    "additionalProperties": _additional,
    "$ref": _reference,
}
