"""Where a request shows its key: whoever has none, or the wrong one, goes no further."""

import logging
import math
from ipaddress import IPv6Address, ip_address
from typing import NoReturn

from starlette.requests import Request

from service.api.http_methods import SAFE
from service.api.rate_limit import Rate
from service.auth import api_keys, policy
from service.auth.api_keys import ANYBODY, Caller, KeyCache
from service.core.exceptions import ForbiddenError, TooManyRequestsError, UnauthorizedError
from service.core.settings import Settings
from service.storage.database import Database

log = logging.getLogger("descent.api")

WRONG_KEYS_PER_MINUTE = 20
"""Of one address. A right key from there is let in all the same: others may share the address. An unknown id is no
longer looked up for it, so a key made just then is known there `access.NOTICE_SECONDS` later."""
_CHALLENGE = 'Bearer realm="descent"'
_HINT = "Send it as `Authorization: Bearer descent_…`; whoever runs the service makes one by `descent keys create`."


class Authenticator:
    """Says who is asking. Where keys are off, it lets anybody in."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._key_cache = KeyCache(database) if policy.are_required(settings) else None
        self._requests = Rate(settings.requests_per_minute)
        self._wrong_keys = Rate(WRONG_KEYS_PER_MINUTE)

    async def caller(self, request: Request) -> Caller:
        """Whose key the request shows.

        Raises UnauthorizedError, TooManyRequestsError, and ForbiddenError if the key is not for this method.
        """
        if self._key_cache is None:
            return ANYBODY
        address = address_of(request.client.host if request.client else "")
        caller = await self._key_cache.caller(_key_of(request), may_be_new=not self._wrong_keys.is_spent(address))
        if caller is None or caller.key_id is None:
            self._reject(address)
        if wait := self._requests.seconds_to_wait(caller.key_id):
            raise _too_many("This API key has sent as many requests as it may in a minute.", wait)
        demand(caller, "read" if request.method in SAFE else "write")
        return caller

    def _reject(self, address: str) -> NoReturn:
        if wait := self._wrong_keys.seconds_to_wait(address):
            raise _too_many("Too many wrong API keys came from this address.", wait)
        log.warning("api.wrong_key client=%s", address)
        raise UnauthorizedError(
            f"This API key is not known here, or it was revoked or has expired. {_HINT}",
            headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
        )


def user_of(request: Request, caller: Caller) -> str:
    """The name under which the request's share of what is bounded is counted: its key's id, else its address."""
    return caller.key_id or address_of(request.client.host if request.client else "")


def address_of(host: str) -> str:
    """A client's address, of IPv6 its first 64 bits: one client has a whole network of them (RFC 6177)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return host


def demand(caller: Caller, scope: api_keys.Scope) -> None:
    """Raises ForbiddenError if the caller may not do what the scope is for."""
    if scope not in caller.scopes:
        raise ForbiddenError(
            f"This needs an API key of scope {scope}; the scope of this one is {', '.join(sorted(caller.scopes))}.",
            headers={"WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'},
        )


def _key_of(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise UnauthorizedError(f"An API key is needed. {_HINT}", headers={"WWW-Authenticate": _CHALLENGE})
    return key.strip()


def _too_many(detail: str, wait: float) -> TooManyRequestsError:
    seconds = math.ceil(wait)
    return TooManyRequestsError(f"{detail} Try again in {seconds} s.", headers={"Retry-After": str(seconds)})
