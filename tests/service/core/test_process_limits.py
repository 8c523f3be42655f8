"""Garbage collection around the imports of a process."""

import gc

from service.core.process_limits import uncollected


def test_what_an_import_makes_is_never_collected() -> None:
    try:
        with uncollected():
            was_enabled = gc.isenabled()
        assert not was_enabled
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
