"""`python -m tools.loki`: builds Loki where that was not done yet, and prints the setting that installs it."""

from deploy.artifacts import digest_of
from tools.loki.build import tarball


def main() -> None:
    """Build, and print."""
    path = tarball()
    print(f"monitoring:\n  loki:\n    source: {{ artifact: {path}, sha256: {digest_of(path)} }}")


if __name__ == "__main__":
    main()
