"""OpenID Connect providers: whose tokens roles may be assumed with. The tokens themselves are STS's affair.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.iam.checks import tags_of
from outfall.services.iam.errors import EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity, ValidationError
from outfall.services.iam.handlers import shown_tags, tag_keys, tagging, whole_second
from outfall.services.iam.model import OIDC_PROVIDERS, OidcProvider

PROVIDERS_MAX = 100
CLIENTS_MAX = 100
THUMBPRINTS_MAX = 5
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)


def _url(text: str) -> str:
    """The URL of a provider without its scheme."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme != "https" or parts.query or parts.fragment or parts.username:
        raise ValidationError("Invalid Open ID Connect Provider URL")
    return (parts.netloc + parts.path).rstrip("/")


def find_provider(ctx: Context, arn: str) -> OidcProvider:
    """The provider with that ARN, or `NoSuchEntity`."""
    prefix = f"arn:aws:iam::{ctx.account}:oidc-provider/"
    found = ctx.tx.get(OIDC_PROVIDERS, (ctx.account, arn.removeprefix(prefix))) if arn.startswith(prefix) else None
    if found is None:
        raise NoSuchEntity(f"OpenIDConnect Provider not found for arn {arn}")
    return found


def save_provider(ctx: Context, provider: OidcProvider) -> None:
    """Writes a provider."""
    ctx.tx.put(OIDC_PROVIDERS, (provider.account, provider.url), provider)


def provider_resource(call: Call, request: Request) -> str:
    """The provider's ARN."""
    return str(request.get("OpenIDConnectProviderArn") or "")


def _new_resource(call: Call, request: Request) -> str:
    url = str(request.get("Url") or "").partition("://")[2].rstrip("/")
    return f"arn:aws:iam::{call.account}:oidc-provider/{url}"


def _thumbprints(request: Request) -> tuple[str, ...]:
    given = tuple(request.get("ThumbprintList") or ())
    if len(given) > THUMBPRINTS_MAX:
        raise InvalidInput(f"Thumbprint list must contain fewer than {THUMBPRINTS_MAX} entries.")
    if not all(_THUMBPRINT.fullmatch(one) for one in given):
        raise InvalidInput("A thumbprint is 40 hexadecimal digits.")  # AWS's text is not known.
    return given


@operation(
    "CreateOpenIDConnectProvider",
    action="iam:CreateOpenIDConnectProvider",
    resource=_new_resource,
    context=tag_keys,
    also=(tagging("iam:TagOpenIDConnectProvider", _new_resource),),
)
def create_open_id_connect_provider(call: Call, request: Request) -> Output:
    """Makes a provider known. Nobody is asked over the network: its keys come from the server's configuration."""
    url, thumbprints = _url(request["Url"]), _thumbprints(request)
    if call.tx.get(OIDC_PROVIDERS, (call.account, url)) is not None:
        raise EntityAlreadyExists(f"Provider with url https://{url} already exists.")
    if len(list(call.tx.scan(OIDC_PROVIDERS, (call.account,), limit=PROVIDERS_MAX))) >= PROVIDERS_MAX:
        raise LimitExceeded(f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {PROVIDERS_MAX}")
    clients = tuple(dict.fromkeys(request.get("ClientIDList") or ()))
    _check_clients(clients)
    provider = OidcProvider(
        account=call.account,
        url=url,
        created_ms=call.now,
        client_ids=clients,
        thumbprints=thumbprints,
        tags=tags_of(request),
    )
    save_provider(call, provider)
    shown: dict[str, Any] = {"OpenIDConnectProviderArn": provider.arn}
    return shown | ({"Tags": shown_tags(provider.tags)} if provider.tags else {})


def _check_clients(clients: tuple[str, ...]) -> None:
    if len(clients) > CLIENTS_MAX:
        raise LimitExceeded(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS_MAX}")


@operation("GetOpenIDConnectProvider", action="iam:GetOpenIDConnectProvider", resource=provider_resource)
def get_open_id_connect_provider(call: Call, request: Request) -> Output:
    """A provider; its URL comes without a scheme."""
    provider = find_provider(call, request["OpenIDConnectProviderArn"])
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": whole_second(provider.created_ms),
    } | ({"Tags": shown_tags(provider.tags)} if provider.tags else {})


@operation("ListOpenIDConnectProviders", action="iam:ListOpenIDConnectProviders")
def list_open_id_connect_providers(call: Call, request: Request) -> Output:
    """The ARNs of all; AWS has no pages here."""
    found = (provider.arn for _, provider in call.tx.scan(OIDC_PROVIDERS, (call.account,)))
    return {"OpenIDConnectProviderList": [{"Arn": arn} for arn in found]}


@operation("DeleteOpenIDConnectProvider", action="iam:DeleteOpenIDConnectProvider", resource=provider_resource)
def delete_open_id_connect_provider(call: Call, request: Request) -> Output:
    """Removes a provider; one that is not there is no error."""
    url = request["OpenIDConnectProviderArn"].partition(":oidc-provider/")[2]
    call.tx.delete(OIDC_PROVIDERS, (call.account, url))
    return None


def _changing_clients(name: str, change: Callable[[tuple[str, ...], str], Iterable[str]]) -> Operation:
    """An operation that changes the audiences by one; what is there already, or is not there, is no error."""

    @operation(name, action=f"iam:{name}", resource=provider_resource)
    def change_clients(call: Call, request: Request) -> Output:
        provider = find_provider(call, request["OpenIDConnectProviderArn"])
        clients = tuple(change(provider.client_ids, request["ClientID"]))
        _check_clients(clients)
        save_provider(call, replace(provider, client_ids=clients))
        return None

    return change_clients


add_client_id = _changing_clients("AddClientIDToOpenIDConnectProvider", lambda known, one: dict.fromkeys((*known, one)))
remove_client_id = _changing_clients(
    "RemoveClientIDFromOpenIDConnectProvider", lambda known, gone: (one for one in known if one != gone)
)


@operation(
    "UpdateOpenIDConnectProviderThumbprint",
    action="iam:UpdateOpenIDConnectProviderThumbprint",
    resource=provider_resource,
)
def update_thumbprints(call: Call, request: Request) -> Output:
    """Replaces the thumbprints, which nothing here reads."""
    provider = find_provider(call, request["OpenIDConnectProviderArn"])
    save_provider(call, replace(provider, thumbprints=_thumbprints(request)))
    return None


OIDC_OPERATIONS = (
    create_open_id_connect_provider,
    get_open_id_connect_provider,
    list_open_id_connect_providers,
    delete_open_id_connect_provider,
    add_client_id,
    remove_client_id,
    update_thumbprints,
)
