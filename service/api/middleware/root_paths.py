"""The root path: requests are recognised with it and without, since a proxy may take it off or leave it."""

from starlette.types import ASGIApp, Receive, Scope, Send

from service.core.root_path import ROOT_PATH


class RootPaths:
    """Makes a prefix the root path of every request."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app, self._root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application, which sees the path below the prefix."""
        if scope["type"] == "http" and self._root_path:
            ROOT_PATH.set(self._root_path)
            scope = {**scope, "path": _below(scope["path"], self._root_path)}
        await self._app(scope, receive, send)


def _below(path: str, root: str) -> str:
    return path[len(root) :] if path.startswith(f"{root}/") else path
