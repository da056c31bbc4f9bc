"""The canonical request of Signature Version 4: path, query and headers in the one form that both sides hash.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote_to_bytes

_PATH_ENCODED = re.compile(r"(?:[A-Za-z0-9\-._~/]|%[0-9A-F]{2})*").fullmatch
_PATH_PLAIN = re.compile(r"[A-Za-z0-9\-._~/]*").fullmatch
_QUERY_ENCODED = re.compile(r"(?:[A-Za-z0-9\-._~=&]|%[0-9A-F]{2})*").fullmatch


def path_once(path: str) -> str:
    """The path as S3 signs it: every byte encoded once, no segment removed. `path` is percent-encoded as it arrived."""
    if _PATH_ENCODED(path):
        return path or "/"
    return quote(unquote_to_bytes(path), safe="/~")


def path_twice(path: str) -> str:
    """The path as every other service signs it: normalized, and what arrived encoded is encoded again."""
    if path == "/":
        return path
    if "//" in path or "/." in path:
        path = _without_dots(path)
    return (path or "/") if _PATH_PLAIN(path) else quote(path, safe="/~")


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if kept:
                kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    joined = "/" + "/".join(kept)
    return joined + "/" if kept and path.endswith("/") else joined


def query(raw: str, without: str | None = None) -> str:
    """Parameters sorted by encoded name, then value, each `name=value`; `without` names the one that is left out."""
    if not raw:
        return ""
    encoded = _QUERY_ENCODED(raw) is not None
    pairs = []
    for part in raw.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if not encoded or "=" in value:
            name, value = _encoded(name), _encoded(value)
        if name != without:
            pairs.append((name, value))
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", "%20")), safe="~")


def headers(values: Mapping[str, str], names: Iterable[str]) -> str:
    """`name:value` lines, the last one ended too. Runs of white space count as one space; an absent header is empty."""
    get = values.get
    lines = "".join([f"{name}:{get(name, '')}\n" for name in names])
    if "  " in lines or ": " in lines or " \n" in lines or "\t" in lines:
        return "".join([f"{name}:{' '.join(get(name, '').split())}\n" for name in names])
    return lines
