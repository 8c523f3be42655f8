"""Middleware by the settings: cross-site requests, CORS, host names."""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from service.api.middleware.cross_origin import Origins, origins_of
from service.api.middleware.rate_limit_headers import LIMIT, POLICY
from service.api.middleware.request_ids import HEADER
from service.api.middleware.trusted_host import LOOPBACK_NAMES, Hosts
from service.core.settings import Settings


def protect(app: FastAPI, settings: Settings) -> None:
    """Allows the origins in the settings and no others. Raises ValueError for a malformed origin."""
    origins = origins_of("DESCENT_CORS_ORIGINS", settings.cors_origins)
    origins_of("DESCENT_FRAME_ANCESTORS", settings.frame_ancestors)  # `security_headers` would read it too late
    app.add_middleware(Origins, origins=origins)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "If-None-Match",
                "Last-Event-ID",
                "Prefer",
                HEADER,
            ],
            expose_headers=[
                "ETag",
                "Ignored-Columns",
                "Link",
                "Location",
                "Preference-Applied",
                *(LIMIT, POLICY),
                "Retry-After",
                HEADER,
            ],
        )


def check_hosts(app: FastAPI, settings: Settings) -> None:
    """Restricts the host names; where keys are required, only if the settings name some."""
    names = set(_entries(settings.allowed_hosts))
    if not settings.requires_keys:
        names |= {*LOOPBACK_NAMES, f"[{settings.host}]" if ":" in settings.host else settings.host}
    if names:
        app.add_middleware(Hosts, names=names)


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]
