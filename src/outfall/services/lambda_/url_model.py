"""The rows of function URLs. No rules."""

from __future__ import annotations

from dataclasses import dataclass

from outfall.core.ports import Table


@dataclass(frozen=True, slots=True)
class Cors:
    """Which pages of other origins may read the answers. `max_age_s` is None where it was not given."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age_s: int | None = None


@dataclass(frozen=True, slots=True)
class UrlRow:
    """The URL of a function or an alias. Key: account, region, name, qualifier (`$LATEST` if none)."""

    id: str
    auth_type: str
    created_ms: int
    modified_ms: int
    cors: Cors | None = None


@dataclass(frozen=True, slots=True)
class UrlPlaceRow:
    """Whose URL it is; `qualifier` is empty for the function itself. Key: the URL's id."""

    account: str
    region: str
    name: str
    qualifier: str


URLS = Table("lambda.urls", UrlRow)
URL_PLACES = Table("lambda.url_places", UrlPlaceRow)
