"""Authentication by API key."""

import logging
import math
from ipaddress import IPv6Address, ip_address
from typing import NoReturn

from starlette.requests import Request

from service.api.http_methods import SAFE
from service.api.rate_limit import Rate
from service.auth.key_cache import KeyCache
from service.core.caller import ANYBODY, Caller
from service.core.exceptions import ForbiddenError, TooManyRequestsError, UnauthorizedError
from service.core.scopes import Scope
from service.core.settings import Settings
from service.storage.database import Database

log = logging.getLogger("descent.api")

WRONG_KEYS_PER_MINUTE = 20
"""Limit for one address. Beyond it, valid keys are still accepted, since others may share the address. A key that was
used before takes no longer than ever; unknown ids wait for a query that all of them share, at most 20 a second."""
_CHALLENGE = 'Bearer realm="descent"'
_HINT = "Send `Authorization: Bearer descent_…`; the operator of the service makes keys by `descent keys create`."


class Authenticator:
    """Finds the caller of a request. Without required keys, every request has the caller ANYBODY."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._key_cache = KeyCache(database) if settings.requires_keys else None
        self._requests = Rate(settings.requests_per_minute)
        self._wrong_keys = Rate(WRONG_KEYS_PER_MINUTE)

    async def caller(self, request: Request) -> Caller:
        """The caller with the API key of the request.

        Raises UnauthorizedError, TooManyRequestsError, ForbiddenError if the scope does not allow the method.
        """
        if self._key_cache is None:
            return ANYBODY
        address = address_of(request.client.host if request.client else "")
        caller = await self._key_cache.caller(_key_of(request), suspect=self._wrong_keys.is_spent(address))
        if caller is None or caller.key_id is None:
            self._reject(address)
        wait = self._requests.seconds_to_wait(caller.key_id)
        request.state.quota = self._requests.quota(caller.key_id)
        if wait:
            raise _too_many("This API key has reached its limit of requests per minute.", wait)
        require_scope(caller, "read" if request.method in SAFE else "write")
        return caller

    async def is_admitted(self, caller: Caller) -> bool:
        """Whether a caller, who was admitted before, still has a usable key. For answers that take long."""
        if self._key_cache is None or caller.key_id is None:
            return True
        return await self._key_cache.is_usable(caller.key_id)

    def requests_of(self, user: str) -> int:
        """The number of requests of the API key in the last minute."""
        return self._requests.count(user)

    def _reject(self, address: str) -> NoReturn:
        if wait := self._wrong_keys.seconds_to_wait(address):
            raise _too_many("This address has sent too many wrong API keys.", wait)
        log.warning("api.wrong_key client=%s", address)
        raise no_usable_key()


def no_usable_key() -> UnauthorizedError:
    """The error for a wrong key, and for one that ends during a request."""
    return UnauthorizedError(
        f"The API key is unknown, revoked or expired. {_HINT}",
        headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
    )


def user_of(request: Request, caller: Caller) -> str:
    """The user to whom the limits count the request: the id of its key, else its address."""
    return caller.key_id or address_of(request.client.host if request.client else "")


def address_of(host: str) -> str:
    """The address of a client; of an IPv6 address the first 64 bits, the network of one client (RFC 6177)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return host


def require_scope(caller: Caller, scope: Scope) -> None:
    """Raises ForbiddenError if the caller lacks the scope."""
    if scope not in caller.scopes:
        raise ForbiddenError(
            f"The request needs an API key of scope {scope}; this key has {', '.join(sorted(caller.scopes))}.",
            headers={"WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'},
        )


def _key_of(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise UnauthorizedError(f"The request needs an API key. {_HINT}", headers={"WWW-Authenticate": _CHALLENGE})
    return key.strip()


def _too_many(detail: str, wait: float) -> TooManyRequestsError:
    seconds = math.ceil(wait)
    return TooManyRequestsError(f"{detail} Try again in {seconds} s.", headers={"Retry-After": str(seconds)})
