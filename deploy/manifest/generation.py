"""A generation: the immutable unit of what an instance runs, named by what it is made of."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Generation:
    """What an instance runs: `release` (the artifact's SHA-256), its `settings` files and its environment."""

    version: str
    release: str
    settings: Mapping[str, str]
    env: Mapping[str, str]
    secrets: Mapping[str, str]

    def identity(self, digest_key: str) -> str:
        """VERSION-HASH: equal for equal content, told apart by any change of release, settings, variable or secret.

        Secrets enter by a keyed digest only, so that the name, which is public, gives nothing away.
        """
        content = {
            "release": self.release,
            "settings": dict(self.settings),
            "env": dict(self.env),
            "secrets": {name: keyed_digest(digest_key, name, value) for name, value in self.secrets.items()},
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return f"{self.version}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


@cache
def keyed_digest(key: str, name: str, value: str) -> str:
    """A digest of a secret that cannot be searched for without the key, and only slowly with it.

    scrypt with n=2**14, r=8, p=1: the interactive-use parameters of RFC 7914, section 2 (16 MiB, some 50 ms).
    """
    salt = hmac.digest(key.encode(), name.encode(), "sha256")
    return hashlib.scrypt(value.encode(), salt=salt, n=2**14, r=8, p=1, dklen=16).hex()
