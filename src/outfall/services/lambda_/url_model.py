"""The rows of function URLs. No rules."""

from __future__ import annotations

import msgspec

from outfall.core.ports import Table


class Cors(msgspec.Struct, frozen=True):
    """Which pages of other origins may read the answers. `max_age_s` is None where it was not given."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age_s: int | None = None


class UrlRow(msgspec.Struct, frozen=True):
    """The URL of a function or an alias. Key: account, region, name, qualifier (`$LATEST` if none)."""

    id: str
    auth_type: str
    created_ms: int
    modified_ms: int
    cors: Cors | None = None


class UrlPlaceRow(msgspec.Struct, frozen=True):
    """Whose URL it is; `qualifier` is empty for the function itself. Key: the URL's id."""

    account: str
    region: str
    name: str
    qualifier: str


URLS = Table("lambda.urls", UrlRow)
URL_PLACES = Table("lambda.url_places", UrlPlaceRow)
