"""The only place that makes HTTP calls: always with a timeout, a size limit and no redirects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

MAX_ANSWER = 1 << 20


class UnreachableError(Exception):
    """No answer came; the text names the kind of failure only, since addresses can hold secrets."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Bearer(requests.auth.AuthBase):
    # As an auth object, because a .netrc would overwrite a plain Authorization header.
    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def as_json(payload: dict[str, Any]) -> bytes:
    """Compact JSON in UTF-8: every implementation of the threader sends the same bytes."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class Client:
    """A pool of connections to one service; safe to share between threads."""

    def __init__(self, token: str | None, timeout: float) -> None:
        self._auth, self._timeout = _Bearer(token), timeout
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=64, max_retries=0))

    def post_json(self, url: str, payload: dict[str, Any]) -> Answer:
        """Post once, with no retry of its own. Raises UnreachableError."""
        try:
            with self._session.post(
                url,
                data=as_json(payload),
                headers={"Content-Type": "application/json; charset=utf-8"},
                auth=self._auth,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                body = response.raw.read(MAX_ANSWER, decode_content=True)
                return Answer(response.status_code, response.headers, body)
        except (requests.RequestException, OSError) as error:
            raise UnreachableError(type(error).__name__) from None
        except Exception as error:  # urllib3's own errors while the body is read
            if type(error).__module__.startswith("urllib3"):
                raise UnreachableError(type(error).__name__) from None
            raise
