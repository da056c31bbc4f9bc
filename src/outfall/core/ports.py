"""The ports: what the rim has to provide, and nothing of how.

Engines (`store/`), drivers (`sandbox/`) and the host implement these; services, flow and authz use them. All times are
milliseconds since the epoch on the clock of record, all waits are milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    from outfall.core.arn import Arn
    from outfall.core.context import Context
    from outfall.core.invocation import FunctionTarget, Outcome, Run
    from outfall.core.parcel import Parcel

T = TypeVar("T")
Key = tuple[str, ...]


class Clock(Protocol):
    """The clock of record."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, on the clock of record."""

    def wall_ms(self) -> int:
        """Milliseconds since the epoch, on the wall; for histories alone."""


class Ids(Protocol):
    """Chance, as an argument."""

    def uuid(self) -> str:
        """A random UUID in its 36 characters."""

    def hex(self, digits: int) -> str:
        """That many lower-case hexadecimal digits."""

    def text(self, alphabet: str, length: int) -> str:
        """That many characters drawn from `alphabet`."""


class Table(msgspec.Struct, Generic[T], frozen=True):
    """A family of rows. Values are immutable; a service declares its tables in its `model.py`."""

    name: str
    type: type[T]


class Item(msgspec.Struct, frozen=True):
    """One item of a work queue. `handle` names this claim of it and is worth nothing after the next claim."""

    number: int
    handle: str
    payload: bytes
    due_ms: int
    enqueued_ms: int
    receives: int
    first_received_ms: int | None
    leased: bool
    group: str | None = None


class QueueCounts(msgspec.Struct, frozen=True):
    """How many items can be claimed now, are under a lease, and are not due yet."""

    ready: int
    leased: int
    delayed: int


class Tx(Protocol):
    """One transaction: rows, work queues and history, all or nothing.

    Transactions are serializable. An engine may run the work of one again (after a conflict with another node), so
    work has no other effect than what it does to its `Tx`.
    """

    # Rows, in the order of their keys (tuples of strings, compared component by component by code point).
    def get(self, table: Table[T], key: Key) -> T | None:
        """The row at `key`, or None."""

    def put(self, table: Table[T], key: Key, value: T) -> None:
        """Writes the row at `key`."""

    def delete(self, table: Table[Any], key: Key) -> bool:
        """Removes the row at `key`; whether there was one."""

    def scan(
        self,
        table: Table[T],
        prefix: Key = (),
        *,
        start: Key = (),
        starts_with: str = "",
        limit: int | None = None,
        reverse: bool = False,
    ) -> Iterator[tuple[Key, T]]:
        """Rows whose key begins with the components `prefix`, in key order.

        `start` (relative to `prefix`, inclusive) is where the scan begins: a lower bound, or with `reverse` an upper
        one. `starts_with` restricts the first component after `prefix` to texts that begin so. To go on after a key
        whose last component is k, start at k + "\\0". Rows may be written and deleted while scanning.
        """

    # Work queues: items that wait.
    def enqueue(self, queue: str, payload: bytes, *, now_ms: int, due_ms: int, group: str | None = None) -> int:
        """Adds an item that can be claimed from `due_ms` on; returns its number, which only grows."""

    def claim(self, queue: str, *, now_ms: int, lease_ms: int, limit: int = 1, among: int = 0) -> list[Item]:
        """Claims up to `limit` due items, the longest due first, under a lease that ends at now + `lease_ms`.

        With `among`, the oldest (by number) of so many that are longest due come first. The receive count is one higher
        with each claim. Of items with a group, the oldest of the group comes first, and none while the oldest is under
        a lease or not due; then those that follow it, up to one that is.
        """

    def extend(self, queue: str, handle: str, until_ms: int) -> bool:
        """Moves the end of the lease of this claim (`until_ms` now or in the past ends it); False if it is void."""

    def release(self, queue: str, handle: str, *, due_ms: int, payload: bytes | None = None) -> bool:
        """Ends this claim: the item waits until `due_ms`, with a new payload if one is given; False if it is void."""

    def acknowledge(self, queue: str, handle: str) -> bool:
        """Removes the item of this claim (also when its lease ran out and nobody claimed it since); False if void."""

    def reschedule(self, queue: str, number: int, *, due_ms: int, payload: bytes | None = None) -> bool:
        """Moves the due time of an item that is not under a lease; False if there is none."""

    def peek(self, queue: str, *, after: int = 0, limit: int = 100) -> list[Item]:
        """Items with a number above `after`, in the order of their numbers, claimed or not; nothing changes."""

    def counts(self, queue: str, now_ms: int) -> QueueCounts:
        """Exact counts at `now_ms`."""

    def expire(self, queue: str, enqueued_before_ms: int) -> int:
        """Removes items that were enqueued before that time, leased or not; how many."""

    def purge(self, queue: str) -> int:
        """Removes every item; how many."""

    def free(self, prefix: str) -> int:
        """Ends every lease on the queues whose name begins so, without waiting (their holders are dead); how many."""

    def next_due(self, queue: str) -> int | None:
        """The earliest time at which an item of this queue can be claimed: its due time or the end of a lease."""

    def due_queues(self, prefix: str) -> list[tuple[str, int]]:
        """Each queue whose name begins so and that holds items, with its earliest due time. Not a scan of the items."""

    # History: what happened, append-only.
    def append(self, stream: str, fact: bytes) -> int:
        """Adds a fact to the end of a stream; returns its number, which only grows over all streams."""

    def history(self, stream: str, *, after: int = 0, limit: int = 1000) -> list[tuple[int, bytes]]:
        """Facts of one stream in order, with their numbers."""

    def feed(self, *, after: int = 0, limit: int = 1000) -> list[tuple[int, str, bytes]]:
        """Facts of all streams in order: number, stream, fact."""

    def forget(self, stream: str, *, through: int | None = None) -> None:
        """Removes a stream, or its facts up to the number `through`."""

    # After the commit.
    def wake(self, topic: str) -> None:
        """After the commit, tells subscribers that something changed at `topic`. Every change of a work queue that may
        make an item claimable sooner wakes the queue's name by itself."""

    def after(self, act: Callable[[], None]) -> None:
        """What a work does beside its transaction, so that it is done once however often the work is run: called after
        the commit, or at once by an engine that runs no work twice."""


class SharedTx(Tx, Protocol):
    """A transaction of an engine on which several processes work at once: it knows who claimed what."""

    def free_of(self, holder: str, prefix: str) -> int:
        """As `free`, for what one process has claimed."""

    def free_strays(self, queue: str, handles: Collection[str]) -> int:
        """Frees what this process has claimed from a queue and does not know of: all but the claims `handles`. After a
        claim of which it is not known whether it was committed."""

    def claims(self, prefix: str) -> list[tuple[str, str]]:
        """Queue and handle of each claim of this process on the queues whose name begins so."""

    def holders(self, prefix: str) -> list[str]:
        """Which processes have claims on the queues whose name begins so."""


class Store(Protocol):
    """A storage engine."""

    exclusive: bool
    """Whether this process is the only one that works on the data, so that leases found at start are dead."""

    async def run(self, work: Callable[[Tx], T], *, durable: bool = True, loose: bool = False) -> T:
        """Runs `work` in a transaction; returns its result once it survives a crash (`durable`), or once it is applied.

        What `work` raises is raised here, and nothing of it is kept. `loose` says that what it does rests on the items
        alone that it claims or holds: the rows that it reads may each be of another moment of the transaction. An
        engine on which many processes work runs it beside others then, instead of as if one were after the other,
        unless it turns out to write rows or to touch groups.
        """

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Calls `listener(topic)` after each commit that woke a topic, in the event loop; returns how to stop that."""

    async def clear(self) -> None:
        """Removes everything."""

    async def close(self) -> None:
        """Makes everything durable and lets go."""


class Identities(Protocol):
    """What authorisation and Lambda ask of IAM."""

    def role(self, tx: Tx, arn: str) -> RoleFacts | None:
        """The role with that ARN."""

    def identity_policies(self, tx: Tx, principal: Any) -> tuple[NamedPolicy, ...]:
        """Inline and attached policies of a user or of a session's role, in a stable order."""

    def boundary(self, tx: Tx, principal: Any) -> NamedPolicy | None:
        """The permissions boundary of a user or of a session's role."""

    def managed_policy(self, tx: Tx, arn: str) -> NamedPolicy | None:
        """The managed policy with that ARN, a customer's own or AWS's."""

    def provider_audiences(self, tx: Tx, account: str, url: str) -> tuple[str, ...] | None:
        """The client ids of the account's OpenID Connect provider at `url` (without scheme); None if there is none."""

    def account_of_key(self, tx: Tx, access_key_id: str) -> str | None:
        """The account of a user's access key."""


class RoleFacts(msgspec.Struct, frozen=True):
    """What others need to know of a role."""

    arn: str
    role_id: str
    trust_policy: str
    tags: tuple[tuple[str, str], ...] = ()
    session_s_max: int = 3600


class NamedPolicy(msgspec.Struct, frozen=True, cache_hash=True):
    """A policy document with the name by which a person finds it (its ARN, or `inline policy NAME of role R`)."""

    name: str
    document: str


class Target(Protocol):
    """How a service receives what is sent to one of its resources. One per service, in its `target.py`."""

    action: str
    """The IAM action that the sender needs, as `sqs:SendMessage`."""

    def resource(self, arn: Arn) -> str:
        """The resource that `action` is authorised on."""

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        """The resource policy document at this ARN, if there is one."""

    def exists(self, ctx: Context, arn: Arn) -> bool:
        """Whether the resource is there to receive."""

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        """Takes the parcel within the sender's transaction; returns the id that the receiver gave it (message id,
        request id). Raises an `AwsError` when it cannot."""


class Watch(Protocol):
    """Is told of every decision of authorisation. It must be quick, and bear being told twice: a transaction may run
    again."""

    def decided(self, ctx: Context, decision: Any) -> None:
        """Takes note of an `authz.Decision`."""


class Functions(Protocol):
    """What the road asks of Lambda."""

    def resolve(self, ctx: Context, arn: Arn) -> FunctionTarget | None:
        """The function, version or alias as it stands now, with its asynchronous settings; None if it is gone."""


class Sandbox(Protocol):
    """Execution environments."""

    async def run(self, run: Run) -> Outcome:
        """Runs one invocation in a warm environment, or in a new one; never raises for what the function does."""
