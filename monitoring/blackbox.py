"""The configuration of the blackbox exporter. Pure."""

from monitoring.yaml_text import yaml_text


def configuration() -> str:
    """The text of blackbox.yml: one module, whose probe succeeds with a 2xx; no redirect is followed."""
    http = {"follow_redirects": False, "preferred_ip_protocol": "ip4", "ip_protocol_fallback": True}
    return yaml_text({"modules": {"http_2xx": {"prober": "http", "timeout": "5s", "http": http}}})
