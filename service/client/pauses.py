"""Pauses of both clients."""

import asyncio
import time


def pause(seconds: float) -> None:
    """Waits."""
    time.sleep(seconds)


async def async_pause(seconds: float) -> None:
    """Waits, and lets other tasks work."""
    await asyncio.sleep(seconds)
