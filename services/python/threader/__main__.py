"""`python -m threader`: check the settings, then serve."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

EX_CONFIG = 78  # systemd knows it; RestartPreventExitStatus=78 keeps a wrong setting from restarting for ever


def main() -> int:
    """Run the threader; the process' exit code."""
    from threader.settings import SettingsError, load

    try:
        settings = load(os.environ)
    except SettingsError as error:
        return _refuse(error.mistakes)

    from threader import log

    log.set_up(settings.log_level, settings.secrets(), instance=settings.instance)

    from threader.app import Service, create_app
    from threader.deliver import Deliverer
    from threader.health import Health
    from threader.metrics import Metrics
    from threader.server import listen, serve
    from threader.slack import connect
    from threader.store import StoreError, open_store
    from threader.synthetic import deliverer as synthetic_deliverer
    from threader.version import IMPL, VERSION

    slack = connect(settings)
    try:
        store, synthetic = open_store(settings), synthetic_deliverer(settings, slack)
    except StoreError as error:
        return _refuse([f"THREAD_STORE={settings.thread_store}: {error}"])
    metrics = Metrics(settings.instance, settings.environment)
    health = Health(store, metrics)
    service = Service(settings, Deliverer(settings, store, slack, metrics), health, metrics, synthetic)
    log.event(logging.INFO, "starting", impl=IMPL, version=VERSION, thread_store=settings.thread_store)
    if not settings.slack_bot_token:
        log.event(logging.WARNING, "SLACK_WEBHOOK_URL without SLACK_BOT_TOKEN: messages are posted without threads")
    try:
        listener = listen(settings.bind_host, settings.bind_port)
    except OSError as error:
        # Not a matter of settings alone: the port may be free in a moment, so systemd should try again.
        where = f"BIND_HOST={settings.bind_host} BIND_PORT={settings.bind_port}"
        return _refuse([f"{where}: cannot listen: {error.strerror}"], code=1)
    serve(create_app(service), listener, settings, health)
    return 0


def _refuse(mistakes: list[str], code: int = EX_CONFIG) -> int:
    for mistake in mistakes:
        print(f"threader: {mistake}", file=sys.stderr)
    print("next: correct the instance's environment file, then restart the unit", file=sys.stderr)
    return code


def _end(code: int) -> NoReturn:
    """End without waiting for threads: SHUTDOWN_TIMEOUT has given them their time."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _end(main())
