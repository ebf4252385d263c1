"""
What an installation may set: environment variables `DISPATCHER_…`, checked once at the start.

Must not read anything but the environment; the doors pass their flags as keyword arguments.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from dispatcher.errors import BadField
from dispatcher.units import DeskClock, clock_from

DASHBOARD_PORT = 8501
# in the data directory, readable by its owner alone: how processes of this machine get in
RUN_FILE = "run.json"
# hosts by which a browser on this machine names the loopback
LOOPBACKS = ("127.0.0.1", "localhost", "[::1]")


class Settings(BaseSettings):
    """Everything that can be set, with its default."""

    model_config = SettingsConfigDict(env_prefix="DISPATCHER_", extra="ignore", frozen=True)

    # where the database, imported cities and the run file live
    data: Path = Path("var")
    # empty = SQLite in the data folder; may hold a password
    database_url: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    # 0 = any free one
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    # allow `host` to be reached from other machines
    open_bind: bool = False
    # the address people open; empty = made of host and port
    public_url: str = ""
    dashboard_url: str = f"http://127.0.0.1:{DASHBOARD_PORT}"
    # pages that may talk to us, separated by commas
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = tuple(
        f"http://{host}:{DASHBOARD_PORT}" for host in LOOPBACKS
    )
    # desk seconds per wall second
    speed: Annotated[float, Field(gt=0, le=1000)] = 1.0
    # epoch seconds the desk shows at `clock_wall_ms`; 0 and 0 = real time
    clock_origin_at: Annotated[int, Field(ge=0)] = 0
    clock_wall_ms: Annotated[int, Field(ge=0)] = 0
    policy: str = "standard"
    language: Literal["en", "zh"] = "en"
    # the city of the territory that an empty store begins with
    city: str = "reykjavik"
    # requests a second one person may make; programs get twenty times as many
    rate_per_s: Annotated[int, Field(ge=1)] = 20
    # sign-in attempts a minute from one address
    logins_per_minute: Annotated[int, Field(ge=1)] = 10

    @model_validator(mode="before")
    @classmethod
    def _split_origins(cls, values: dict[str, object]) -> dict[str, object]:
        origins = values.get("allowed_origins")
        if isinstance(origins, str):
            listed = tuple(one.strip().rstrip("/") for one in origins.split(",") if one.strip())
            return {**values, "allowed_origins": listed}
        return values

    @model_validator(mode="after")
    def _loopback_unless_told(self) -> Self:
        if not self.open_bind and not is_loopback(self.host):
            raise BadField(
                field="host",
                value=self.host,
                rule="only this machine may connect; set open_bind (--open) to let others in",
            )
        return self

    @property
    def clock(self) -> DeskClock:
        """The desk's clock; the same for every process that gets the same settings."""
        if self.clock_wall_ms:
            return DeskClock(
                origin_at=self.clock_origin_at,
                wall_origin_ms=self.clock_wall_ms,
                speed=self.speed,
            )
        return DeskClock(speed=self.speed) if self.speed == 1 else clock_from(0, self.speed)

    @property
    def url(self) -> str:
        """The address under which browsers reach the doors."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    def with_clock(self, origin_at: int) -> Settings:
        """Return these settings with the desk's clock at `origin_at` now (epoch seconds)."""
        clock = clock_from(origin_at, self.speed)
        changed = {"clock_origin_at": clock.origin_at, "clock_wall_ms": clock.wall_origin_ms}
        return self.model_copy(update=changed)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
