"""How Lambda receives what others send: as the payload of an asynchronous invocation."""

from __future__ import annotations

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.parcel import Parcel
from outfall.flow.accept import accept
from outfall.services.lambda_ import payload, permissions, rows
from outfall.services.lambda_.errors import function_not_found
from outfall.services.lambda_.names import of_arn


class LambdaTarget:
    """The port `core.ports.Target`, for functions, versions and aliases."""

    action = "lambda:InvokeFunction"

    def resource(self, arn: Arn) -> str:
        """The function, as it is named."""
        return str(arn)

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        """The policy of exactly that qualifier."""
        return permissions.function_policy(ctx, arn)

    def exists(self, ctx: Context, arn: Arn) -> bool:
        """Whether there is such a function, version or alias."""
        return arn.resource.startswith("function:") and rows.find(ctx.tx, of_arn(arn)) is not None

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        """A new asynchronous event; returns its request id. Raises what an Event invocation would."""
        if not self.exists(ctx, arn):
            raise function_not_found(of_arn(arn).qualified)
        payload.require_event_size(len(parcel.body))
        request_id = ctx.ids.uuid()
        principal = parcel.sender.principal
        accept(
            ctx,
            function=str(arn),
            payload=parcel.body,
            request_id=request_id,
            sender=principal.service or principal.arn,
            source_arn=parcel.sender.source_arn,
            trace_header=parcel.trace_header,
            trace=parcel.trace,
        )
        return request_id
