"""What the Avro schemas in schemas/ have to be, beyond being JSON."""

import json
from pathlib import Path

import fastavro

from tree import files, place

NAMESPACE = "floorwalker.v1"


def named_types(schema):
    """Every record and enum in a schema, inner ones too."""
    if isinstance(schema, list):
        for branch in schema:
            yield from named_types(branch)
    elif isinstance(schema, dict):
        if schema.get("type") in ("record", "enum"):
            yield schema
        for field in schema.get("fields", []):
            yield from named_types(field["type"])
        for inner in ("type", "items", "values"):
            if isinstance(schema.get(inner), (dict, list)):
                yield from named_types(schema[inner])


def fields_of(where, record):
    found = []
    for field in record["fields"]:
        name = f"{record['name']}.{field['name']}"
        if not field.get("doc"):
            found.append(f"{where}: {name} has no doc; say unit and meaning")
        nullable = isinstance(field["type"], list) and "null" in field["type"]
        if nullable and (field["type"][0] != "null" or field.get("default", 0) is not None):
            found.append(f'{where}: {name} is nullable: ["null", T] with default null is right')
        if field["name"].endswith("_at") and "timestamp-millis" not in json.dumps(field["type"]):
            found.append(f"{where}: {name} is an instant: logicalType timestamp-millis is right")
    return found


def enum_form(where, enum):
    if enum["symbols"][0] != "UNKNOWN" or enum.get("default") != "UNKNOWN":
        return [f"{where}: enum {enum['name']} must begin with UNKNOWN and have it as default"]
    return []


def one_schema(root, path):
    where = place(root, path)
    try:
        schema = json.loads(path.read_text())
        fastavro.parse_schema(schema)
    except (ValueError, KeyError, fastavro.schema.SchemaParseException) as error:
        return [f"{where}: no Avro schema: {type(error).__name__} {error}"]
    found = []
    if schema.get("namespace") != NAMESPACE:
        found.append(f"{where}: the namespace must be {NAMESPACE}")
    if schema.get("name") != Path(path).stem:
        found.append(f"{where}: holds {schema.get('name')}; file and record have one name")
    for named in named_types(schema):
        if named["type"] == "enum":
            found += enum_form(where, named)
        else:
            if not named.get("doc"):
                found.append(f"{where}: record {named['name']} has no doc")
            found += fields_of(where, named)
    return found


def schemas(root):
    found = []
    for path in files(root, ".avsc", under=("schemas",)):
        found += one_schema(root, path)
    return found
