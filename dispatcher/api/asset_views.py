"""Assets as the doors show them. Must not look anything up in the store."""

from __future__ import annotations

import msgspec

from dispatcher.api.house import House
from dispatcher.domain.asset import Asset, Warranty
from dispatcher.domain.privacy import veiled


class AssetView(msgspec.Struct, frozen=True, kw_only=True):
    """One asset."""

    id: str
    territory: str
    serial: str
    model: str
    code: str
    customer: str
    site: str | None
    category: str
    weight_g: int
    installed_at: int | None
    warranties: tuple[Warranty, ...]
    contract: str
    contract_from_at: int
    contract_until_at: int | None
    status: str
    version: int


class AssetPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some assets."""

    items: list[AssetView]
    next: str | None
    total: int


class AssetDone(msgspec.Struct, frozen=True, kw_only=True):
    """What a command on an asset led to."""

    seq: int
    version: int
    asset: AssetView


def asset_view(
    house: House, asset: Asset, *, cells_only: bool = False, is_open: bool = True
) -> AssetView:
    """
    Return an asset as lists show it.

    Without what leads to the customer for `cells_only`; what stands there is veiled unless
    `is_open` (R91).
    """
    return AssetView(
        id=asset.id,
        territory=asset.territory,
        serial=asset.serial if is_open else veiled(asset.serial),
        model=asset.model if is_open else veiled(asset.model),
        code=asset.code if is_open else veiled(asset.code),
        customer="" if cells_only else asset.customer,
        site=None if cells_only else asset.site,
        category=asset.category,
        weight_g=asset.weight_g,
        installed_at=asset.installed_at,
        warranties=asset.warranties,
        contract=asset.contract_at(house.clock.now()),
        contract_from_at=asset.contract_from_at,
        contract_until_at=asset.contract_until_at,
        status=asset.status,
        version=asset.version,
    )
