"""Reads a tenant's events as a consumer does and checks them with others' libraries.

    DOCKET_TOKEN=… check_events.py URL CONTRACTS < MESSAGES

CONTRACTS are the schemas of what is published, with an example each that fits; `GET /schemas` has the same. Over
HTTP: each event of `GET /v1/events` is a CloudEvent in structured mode, and its `data` is what the schema says
that its `dataschema` names. On NATS: each of MESSAGES, one JSON object `{"subject", "headers", "body"}` a line, is
a CloudEvent in binary mode, its headers are what `/asyncapi.json` says, and its body is what its schema says. Both
say the same of an event. Prints how many of which types there were, and how many have the same data in both, as
JSON; exits with 1 and the first thing that is wrong.
"""

import json
import os
import re
import sys
import urllib.request
from pathlib import Path

from cloudevents.core.bindings.http import HTTPMessage, from_binary, from_structured
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

# CloudEvents 1.0, 3.1: names are lower-case letters and digits of ASCII.
NAME = re.compile(r"[a-z0-9]+")
SAME = ["id", "type", "source", "subject", "time", "datacontenttype", "dataschema"]


class Contracts:
    """The schemas by their URIs."""

    def __init__(self, folder, url):
        self.schemas, self.present = {}, {}
        told = {one["dataschema"]: one for one in get(f"{url}/schemas")["items"]}
        for path in Path(folder).glob("*.v*.schema.json"):
            schema = json.loads(path.read_text("utf-8"))
            Draft202012Validator.check_schema(schema)
            uri, example = schema["$id"], path.with_name(path.name.replace(".schema", ""))
            self.schemas[uri] = Draft202012Validator(schema, format_checker=FormatChecker())
            self.check(uri, json.loads(example.read_text("utf-8")))
            one = told.pop(uri)
            served = get(url + one["href"])
            assert served == schema, f"{one['href']} isn't {path.name}"
            if one["current"]:
                self.present[one["type"]] = one
        assert not told, f"there is no contract for {list(told)}"

    def check(self, uri, data):
        self.schemas[uri].validate(data)


def get(url, token=None):
    request = urllib.request.Request(url)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    # Whatever proxy is set, this one is near.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)


def feed(url, token):
    after = 0
    while True:
        page = get(f"{url}/v1/events?limit=200&after={after}", token)
        yield from page["items"]
        if page["next_after"] <= after:
            return
        after = page["next_after"]


def names_are_names(event):
    wrong = [name for name in event.get_attributes() if not NAME.fullmatch(name)]
    assert not wrong, f"no names of CloudEvents: {wrong}"


def structured(item, contracts):
    headers = {"content-type": "application/cloudevents+json"}
    event = from_structured(HTTPMessage(headers, json.dumps(item).encode()), JSONFormat())
    names_are_names(event)
    assert event.get_dataschema() == contracts.present[event.get_type()]["dataschema"]
    contracts.check(event.get_dataschema(), event.get_data())
    return event


def binary(message, contracts, document):
    event = from_binary(HTTPMessage(message["headers"], message["body"].encode()), JSONFormat())
    names_are_names(event)
    name = event.get_type()
    told = f"#/components/messages/{name}"
    for part, value in [("headers", message["headers"]), ("payload", event.get_data())]:
        schema = {"$ref": f"{told}/{part}", "components": document["components"]}
        Draft7Validator(schema, format_checker=FormatChecker()).validate(value)
    present = contracts.present[name]
    assert message["headers"]["docket-event-version"] == present["version"]
    assert event.get_dataschema() == present["dataschema"]
    contracts.check(event.get_dataschema(), event.get_data())
    return event


def main():
    url, folder = sys.argv[1:]
    contracts, document = Contracts(folder, url), get(f"{url}/asyncapi.json")
    messages = {}
    for line in sys.stdin:
        event = binary(json.loads(line), contracts, document)
        messages[event.get_id()] = event
    types, count, same = set(), 0, 0
    for item in feed(url, os.environ["DOCKET_TOKEN"]):
        try:
            event = structured(item, contracts)
        except Exception:
            print(json.dumps(item, indent=2), file=sys.stderr)
            raise
        twin = messages.get(event.get_id())
        assert twin, f"{event.get_id()} is not on NATS"
        for name in SAME:
            one, other = event.get_attributes()[name], twin.get_attributes()[name]
            assert one == other, f"{event.get_id()}: {name} is {one!r} over HTTP and {other!r} on NATS"
        types.add(event.get_type())
        count += 1
        same += event.get_data() == twin.get_data()
    print(json.dumps({"events": count, "same": same, "messages": len(messages), "types": sorted(types)}))


if __name__ == "__main__":
    main()
