"""What execution environments get from the house: the bytes of their code, their role's credentials, the way back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from outfall.core.body import Content, Segment
from outfall.core.context import Context
from outfall.core.invocation import EnvironmentSpec
from outfall.core.ports import Store, Tx
from outfall.host import stored
from outfall.sandbox import EnvironmentCredentials
from outfall.services.sts.sessions import issue_for_role
from outfall.store.blobs import Blobs

CREDENTIALS_LIFE_S = 12 * 3600
"""How long the credentials of an execution environment are good for."""


def reader(blobs: Blobs) -> Callable[[tuple[Segment, ...]], Awaitable[bytes]]:
    """Reads bytes from where they are kept, as those of a package."""

    async def read(segments: tuple[Segment, ...]) -> bytes:
        content = Content(segments, 0, sum(segment.size for segment in segments))
        return b"".join([piece async for piece in stored.pour(content, blobs)])

    return read


def reachable(host: str) -> str:
    """Where a function finds a server that listens on every address."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host


def issuer(
    store: Store, context: Callable[[Tx], Context]
) -> Callable[[EnvironmentSpec], Awaitable[EnvironmentCredentials]]:
    """Issues temporary credentials of the execution role, in a session that bears the function's name."""

    async def issue(spec: EnvironmentSpec) -> EnvironmentCredentials:
        def work(tx: Tx) -> EnvironmentCredentials:
            _, _, _, region, account, _, name = spec.function_arn.split(":")
            ctx = context(tx).at(account, region)
            role = ctx.house.identities.role(tx, spec.role_arn)
            if role is None:
                return EnvironmentCredentials("", "", "", 0)
            function_arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
            made = issue_for_role(ctx, role, name, CREDENTIALS_LIFE_S, function_arn)
            return EnvironmentCredentials(made.access_key_id, made.secret, made.token, made.expires_ms)

        return await store.run(work)

    return issue
