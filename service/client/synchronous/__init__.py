# Made from service/client/asynchronous/__init__.py by `python -m tests.service.client.source`.
"""The asynchronous client, from which the synchronous one is made."""
