#!/usr/bin/env python3
"""Renders every template of tests/text/data/jinja_cases.json with jinja2, set up as transformers sets it up, and writes what it gave.

    python tests/text/make_jinja_cases.py       # needs jinja2 (3.1)

To add a case, add {"template": "..."} to the list and run this.
"""
import json
import pathlib

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

FILE = pathlib.Path(__file__).resolve().parent / "data/jinja_cases.json"


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_as_it_is"), [], [], body).set_lineno(line)

    def _as_it_is(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def outcome(environment, template, context):
    try:
        parsed = environment.from_string(template)
    except jinja2.exceptions.TemplateError as error:
        return {"error": "syntax", "message": str(error)}
    try:
        return {"out": parsed.render(**context)}
    except jinja2.exceptions.SecurityError as error:
        return {"error": "security", "message": str(error)}
    except jinja2.exceptions.UndefinedError as error:
        return {"error": "undefined", "message": str(error)}
    except jinja2.exceptions.TemplateError as error:
        return {"error": "raised", "message": str(error)}
    except Exception as error:  # Python's own
        return {"error": "other", "message": str(error)}


def main():
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    environment.filters["tojson"], environment.globals["raise_exception"] = tojson, raise_exception
    file = json.loads(FILE.read_text())
    cases = [{"template": case["template"]} | outcome(environment, case["template"], file["context"]) for case in file["cases"]]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    FILE.write_text('{"context": ' + json.dumps(file["context"], ensure_ascii=False) + ',\n"cases": [\n' + lines + "\n]}\n")


main()
