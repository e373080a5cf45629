"""The sample fleet, and variants of it."""

from dataclasses import replace

from deploy.settings.specs import InstanceSpec
from tools.monitoring.sample import FLEET


def with_monitoring(**changes):
    return replace(FLEET, monitoring=replace(FLEET.monitoring, **changes))


def with_instance(name, impl, port, host, **env):
    return replace(
        FLEET,
        instances=(*FLEET.instances, InstanceSpec(name, impl, port, host, f"/etc/alert-threader.d/{name}.env", env)),
    )


def without_direct():
    return replace(FLEET, secrets={})
