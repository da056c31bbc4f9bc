"""How much trouble somebody asked for: the probabilities of `chaos.py`, as they are written on the command line."""

from __future__ import annotations

from dataclasses import dataclass, fields


class BadChaos(ValueError):
    """Chaos is written like seed=7,duplicate=0.1,delay=0.2,throttle=0.1,undelivered=0.05,kill=0.1"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """How often what goes wrong: probabilities from 0 to 1."""

    seed: int = 0
    duplicate: float = 0.0
    """A function runs twice for one attempt."""
    delay: float = 0.0
    """An event comes up to half a minute late."""
    throttle: float = 0.0
    """There is no concurrency for an attempt."""
    undelivered: float = 0.0
    """A destination or dead-letter queue does not take what is delivered to it."""
    kill: float = 0.0
    """An environment is killed when its function has done its work and before it has answered."""

    def __str__(self) -> str:
        """As it is written on the command line."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return ",".join(f"{name}={value}" for name, value in told.items() if value)

    @classmethod
    def parse(cls, text: str) -> Trouble:
        """What the command line says. Raises `BadChaos`."""
        known = {field.name for field in fields(cls)}
        given: dict[str, float] = {}
        for part in filter(None, text.split(",")):
            name, _, value = part.strip().partition("=")
            try:
                given[name] = int(value) if name == "seed" else float(value)
            except ValueError:
                raise BadChaos((BadChaos.__doc__ or "").strip()) from None
            if name not in known or (name != "seed" and not 0 <= given[name] <= 1):
                raise BadChaos((BadChaos.__doc__ or "").strip())
        return cls(**given)  # type: ignore[arg-type]
