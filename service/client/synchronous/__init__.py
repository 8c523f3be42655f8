"""The client that waits, made from service/client/asynchronous by `python -m tests.service.client.source`."""
