"""Garbage collection around the imports of a process."""

import gc

from service.core.process_limits import NEW_OBJECTS, uncollected


def test_what_an_import_makes_is_never_collected() -> None:
    thresholds = gc.get_threshold()
    try:
        with uncollected():
            was_enabled = gc.isenabled()
        assert not was_enabled
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] == NEW_OBJECTS
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
