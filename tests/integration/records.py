"""Avro records in the Confluent wire format, for the Python side of the tests."""

import io
import json
import struct
from pathlib import Path

import fastavro
import requests

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
INTERACTION = "InteractionEvent"


def text_of(name):
    return (SCHEMAS / f"{name}.avsc").read_text()


def _without_logical_types(schema):
    """Instants stay numbers: fastavro would make them datetime objects."""
    if isinstance(schema, dict):
        return {k: _without_logical_types(v) for k, v in schema.items() if k != "logicalType"}
    if isinstance(schema, list):
        return [_without_logical_types(v) for v in schema]
    return schema


def parse(text):
    return fastavro.parse_schema(_without_logical_types(json.loads(text)))


class Registry:
    """A schema registry with the Confluent API."""

    def __init__(self, url):
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.parsed = {}

    def register(self, text, subject=None):
        schema = json.loads(text)
        subject = subject or f"{schema['namespace']}.{schema['name']}"
        answer = self.http.post(f"{self.url}/subjects/{subject}/versions",
                                json={"schema": text}, timeout=20)
        answer.raise_for_status()
        return answer.json()["id"]

    def schema(self, number):
        if number not in self.parsed:
            answer = self.http.get(f"{self.url}/schemas/ids/{number}", timeout=20)
            answer.raise_for_status()
            self.parsed[number] = parse(answer.json()["schema"])
        return self.parsed[number]

    def decode(self, value):
        magic, number = struct.unpack(">bI", value[:5])
        assert magic == 0, f"not in the Confluent wire format: {value[:16]!r}"
        return fastavro.schemaless_reader(io.BytesIO(value[5:]), self.schema(number))


class Writer:
    """Encodes records of one schema."""

    def __init__(self, registry, name=INTERACTION, text=None):
        text = text or text_of(name)
        self.schema = parse(text)
        self.number = registry.register(text)
        self.prefix = struct.pack(">bI", 0, self.number)

    def body(self, record):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self.schema, record)
        return out.getvalue()

    def __call__(self, record):
        return self.prefix + self.body(record)


def interaction(kind, interaction_id, event_at, **fields):
    """An InteractionEvent with what it must have; fields override."""
    return {"event_id": f"{interaction_id}/{kind}/{event_at}", "tenant_id": "acme",
            "vendor_id": "harbor", "site_id": "krakow", "source": "test", "event_at": event_at,
            "interaction_id": interaction_id, "channel": "VOICE", "direction": "INBOUND",
            "initiation": "CUSTOMER", "type": kind, "queue_id": "support", "priority": "NORMAL",
            "author": "UNKNOWN", "end_cause": "UNKNOWN", "attrs": {}, **fields}
