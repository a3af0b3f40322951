"""The OpenAPI document as one page of HTML, for people: no scripts, no fonts, nothing from any other server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --quiet: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; }
summary { padding: .5rem .75rem; cursor: pointer; background: var(--soft); }
details > div { padding: 0 .75rem .75rem; overflow-x: auto; }
.method { display: inline-block; min-width: 3.2rem; font-weight: 700; }
.quiet { color: var(--quiet); }
h2 { margin-top: 2.5rem; } h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); }
th { font-weight: 400; white-space: nowrap; }
"""

METHODS = ("get", "post", "put", "patch", "delete")


def docs_page(document: str) -> str:
    """`document`: what `openapi.document` returns."""
    told = json.loads(document)
    return "".join(_page(told))


def _page(told: dict[str, Any]) -> Iterator[str]:
    info = told["info"]
    yield '<!doctype html><html lang="en"><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(info['title'])} REST</title><style>{STYLE}</style>"
    yield f"<h1>{escape(info['title'])} <span class=quiet>{escape(info['version'])}</span></h1>"
    yield f"<p>{_text(info['description'])}</p>"
    yield "<p>Each request shows a key: <code>Authorization: Bearer KEY</code>. "
    yield 'For programs: <a href="openapi.json">openapi.json</a>.</p>'
    tag = ""
    for path, item in told["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                if operation["tags"] != [tag]:
                    (tag,) = operation["tags"]
                    yield f"<h2>{escape(tag.capitalize())}</h2>"
                yield from _operation(method, path, operation, item.get("parameters", []))
    yield "<h2>Objects</h2>"
    for name, schema in told["components"]["schemas"].items():
        yield f'<details id="{escape(name)}" open><summary><code>{escape(name)}</code></summary><div>'
        yield f"<p>{_text(schema.get('description', ''))}</p>"
        yield from _fields(schema)
        yield "</div></details>"


def _operation(method: str, path: str, operation: dict[str, Any], of_path: list[dict[str, Any]]) -> Iterator[str]:
    yield f"<details><summary><span class=method>{method.upper()}</span> <code>{escape(path)}</code> "
    yield f"<span class=quiet>{_text(operation['summary'])}</span></summary><div>"
    scopes = ", ".join(scope for needed in operation["security"] for one in needed.values() for scope in one)
    yield f"<p class=quiet>needs a key with the scope <code>{escape(scopes)}</code></p>"
    if given := [*of_path, *operation.get("parameters", [])]:
        yield "<h3>Parameters</h3><table>"
        for one in given:
            kind = _kind(one["schema"])
            yield _row(one["name"], f"{escape(one['in'])}, {kind}", one.get("description", ""), one.get("required"))
        yield "</table>"
    if body := operation.get("requestBody"):
        yield f"<h3>Body</h3><p>{_content(body)}{'' if body.get('required') else ' (may be left out)'}</p>"
    yield "<h3>Answers</h3><table>"
    for status, answer in operation["responses"].items():
        headers = ", ".join(answer.get("headers", {}))
        told = f"with {headers}" if headers else ""
        yield f"<tr><th><code>{status}</code> {escape(answer['description'])}<td>{_content(answer)}"
        yield f"<td class=quiet>{escape(told)}"
    yield "</table></div></details>"


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    needed = schema.get("required", [])
    yield "<table>"
    for name, inner in schema.get("properties", {}).items():
        default = f", {json.dumps(inner['default'])} unless given" if inner.get("default") not in (None, "", {}) else ""
        yield _row(name, _kind(inner) + escape(default), inner.get("description", ""), name in needed)
    yield "</table>"


def _row(name: str, kind: str, description: str, needed: object) -> str:
    star = "" if needed else " <span class=quiet>(optional)</span>"
    return f"<tr><th><code>{escape(name)}</code>{star}<td>{kind}<td>{_text(description)}"


def _content(holder: dict[str, Any]) -> str:
    told = [
        f"{_kind(content['schema'])} <span class=quiet>{escape(media_type)}</span>"
        for media_type, content in holder.get("content", {}).items()
    ]
    return ", ".join(told) or "<span class=quiet>no body</span>"


def _kind(schema: dict[str, Any]) -> str:
    """A type in a few words; names of objects lead to them."""
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#{name}"><code>{name}</code></a>'
    if arms := schema.get("anyOf"):
        return " or ".join(map(_kind, arms))
    if values := schema.get("enum"):
        return " | ".join(f"<code>{escape(json.dumps(value))}</code>" for value in values)
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if isinstance(inner := schema.get("additionalProperties"), dict):
        return f"object of {_kind(inner)}"
    return escape(str(schema.get("format") or schema.get("type") or "any"))


def _text(text: str) -> str:
    """`code` between backticks."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
