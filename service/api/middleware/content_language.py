"""The language of an answer: Accept-Language decides, Content-Language states it, and problems are translated here."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.languages import language_of
from service.api.media_types import PROBLEM_JSON
from service.api.problem_details import translated_problem
from service.core.languages import Asked, asking


class ContentLanguage:
    """Makes the client's language that of its request, and translates problems, wherever they come from."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application. One that depends on the language names it, for caches too."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with asking(language_of(Headers(scope=scope).get("accept-language"))) as asked:
            await self._app(scope, receive, _Response(send, asked).send)


class _Response:
    """A response in progress."""

    def __init__(self, send: Send, asked: Asked) -> None:
        self._send, self._asked = send, asked
        self._start: Message | None = None
        """The start of a problem that waits for its body."""

    async def send(self, message: Message) -> None:
        """Passes on a message of the application."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            is_problem = headers.get("content-type") == PROBLEM_JSON
            if is_problem or self._asked.is_used:
                headers["content-language"] = self._asked.language
                headers.add_vary_header("Accept-Language")
            if is_problem and self._asked.language != "en":
                self._start = message
                return
        elif self._start is not None:
            body = translated_problem(message.get("body", b""), self._asked.language)
            MutableHeaders(raw=self._start["headers"])["content-length"] = str(len(body))
            await self._send(self._start)
            self._start, message = None, {**message, "body": body}
        await self._send(message)
