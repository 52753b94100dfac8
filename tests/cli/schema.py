# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of JSON Schema 2020-12 that the schemas in docs/ use."""
import math
import re

KEYWORDS = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "const", "enum", "required", "properties",
            "additionalProperties", "items", "minItems", "maxItems", "minLength", "pattern", "minimum", "maximum"}
TYPES = {
    "object": lambda x: isinstance(x, dict),
    "array": lambda x: isinstance(x, list),
    "string": lambda x: isinstance(x, str),
    "number": lambda x: isinstance(x, (int, float)) and not isinstance(x, bool),
    "integer": lambda x: isinstance(x, int) and not isinstance(x, bool),
    "boolean": lambda x: isinstance(x, bool),
    "null": lambda x: x is None,
}


def resolve(schema, root):
    """A copy with what $ref leads to; keywords beside $ref hold as well."""
    if "$ref" not in schema:
        return schema
    target = root
    for part in schema["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return {**resolve(target, root), **{key: value for key, value in schema.items() if key != "$ref"}}


def validate(value, schema, root, path="result"):
    """Yields what is wrong with `value`."""
    schema = resolve(schema, root)
    unknown = schema.keys() - KEYWORDS
    assert not unknown, f"this validator does not know {unknown}"
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(TYPES[name](value) for name in types):
        yield f"{path} is {value!r}, not of type {' or '.join(types)}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{path} is {value!r}, not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path} is {value!r}, not one of {schema['enum']}"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"{path} is too short"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{path} is {value!r}, which does not match {schema['pattern']}"
    elif isinstance(value, dict):
        yield from validate_object(value, schema, root, path)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf):
            yield f"{path} has {len(value)} items"
        for i, item in enumerate(value):
            yield from validate(item, schema.get("items", {}), root, f"{path}[{i}]")
    elif value is not None and not isinstance(value, bool):
        if not schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf):
            yield f"{path} is {value}, out of range"


def validate_object(value, schema, root, path):
    known = schema.get("properties", {})
    for key in schema.get("required", []):
        if key not in value:
            yield f"{path} has no {key}"
    for key, item in value.items():
        if key in known:
            yield from validate(item, known[key], root, f"{path}.{key}")
        elif schema.get("additionalProperties", {}) is False:
            yield f"{path}.{key} is not in the schema"
        else:
            yield from validate(item, schema.get("additionalProperties", {}), root, f"{path}.{key}")
    places = [list(known).index(key) for key in value if key in known]
    if places != sorted(places):
        yield f"the keys of {path} are not in the order of the schema"


def describe(schema, root, units=None, path="schema"):
    """Keys without a description, and numbers whose keys have no unit."""
    resolved = resolve(schema, root)
    if not resolved.get("description"):
        yield f"{path} has no description"
    for key, value in resolved.get("properties", {}).items():
        wanted = resolve(value, root)
        if "description" not in value and value.get("$ref") != "#/$defs/effective":
            yield f"{path}.{key} has no description of its own"
        if units and wanted.get("type") == "number" and not re.search(units, key):
            yield f"{path}.{key} has no unit"
        yield from describe(value, root, units, f"{path}.{key}")
    if isinstance(resolved.get("items"), dict) and "properties" in resolve(resolved["items"], root):
        yield from (line for line in describe(resolved["items"], root, units, path + "[]") if not line.startswith(f"{path}[] has"))
