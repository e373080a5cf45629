from dataclasses import FrozenInstanceError

import pytest

from deploy.settings.specs import FleetSpec, HostSpec, Impl, InstanceSpec, ReleaseSpec, Secret

PY_A = InstanceSpec("py-a", Impl.PYTHON, 9009, "app-1", "/etc/alert-threader.d/py-a.env", {"REDIS_URL": "redis://own"})
PY_B = InstanceSpec("py-b", Impl.PYTHON, 9010, "app-1", "/etc/alert-threader.d/py-b.env")
FLEET = FleetSpec(
    hosts=(HostSpec("app-1", "10.99.0.11"),),
    instances=(PY_A, PY_B),
    release=ReleaseSpec("1.0.0", {}),
    env={"LOG_LEVEL": "info"},
    secrets={"REDIS_URL": Secret("redis://shell", "environment")},
)


def test_an_instances_own_variables_win_over_the_fleets_also_over_secrets():
    assert FLEET.env_of(PY_A) == {"LOG_LEVEL": "info", "REDIS_URL": "redis://own"}
    assert FLEET.secrets_of(PY_A) == {}
    assert set(FLEET.secrets_of(PY_B)) == {"REDIS_URL"}


def test_a_host_is_found_by_its_name():
    assert FLEET.host("app-1").address == "10.99.0.11"
    with pytest.raises(KeyError):
        FLEET.host("app-2")


def test_specs_can_not_be_changed():
    with pytest.raises(FrozenInstanceError):
        PY_A.port = 1
    with pytest.raises(TypeError):
        PY_B.env["A"] = "b"
