"""A small fleet, as the stack's settings make it."""

from deploy.settings.specs import (
    ArtifactSpec,
    FleetSpec,
    HooksSpec,
    HostSpec,
    Impl,
    InstanceSpec,
    ReleaseSpec,
    RolloutSpec,
    Secret,
    Strategy,
    Unreachable,
)

TOKEN, PASSWORD, KEY = "xoxb-very-secret", "redis://:very-secret@h", "very-secret-key-of-digests"
SECRETS = (TOKEN, PASSWORD, KEY)
DIGESTS = {Impl.PYTHON: "ab" * 32}


def instance(name, port, host, **env):
    return InstanceSpec(name, Impl.PYTHON, port, host, f"/etc/alert-threader.d/{name}.env", env)


def spec(**changes):
    made = {
        "hosts": (
            HostSpec("app-1", "10.99.0.11"),
            HostSpec("app-2", "10.99.0.12", user="deploy", port=2222, lost=True),
        ),
        "instances": (instance("py-a", 9009, "app-1", LOG_LEVEL="debug"), instance("py-b", 9010, "app-2")),
        "release": ReleaseSpec("1.2.0", {Impl.PYTHON: ArtifactSpec(Impl.PYTHON, "dist/python.tar.gz")}),
        "rollout": RolloutSpec(
            strategy=Strategy.ROLLING,
            unreachable=Unreachable.SKIP,
            confirm_within=90.0,
            keep=7,
            batch=2,
            max_unavailable=3,
            wait=4.0,
            order=("py-b",),
        ),
        "env": {"SLACK_CHANNEL": "#alerts", "LOG_LEVEL": "info"},
        "secrets": {"SLACK_BOT_TOKEN": Secret(TOKEN), "REDIS_URL": Secret(PASSWORD, "environment")},
        "digest_key": Secret(KEY),
        "hooks": HooksSpec(("make announce", "make sure"), ("make done",)),
    }
    return FleetSpec(**{**made, **changes})
