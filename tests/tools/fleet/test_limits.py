import pytest

from tools.fleet.errors import FleetError
from tools.fleet.limits import raise_inotify, wanted


def test_a_limit_that_is_enough_stays():
    assert wanted(3, 128) == 128


def test_twenty_hosts_need_more_than_the_usual_128():
    assert wanted(20, 128) == 1024


def test_very_many_hosts_get_what_they_need():
    assert wanted(200, 1024) == 1264


def test_raising_the_limit_is_said(tmp_path):
    setting, said = tmp_path / "max_user_instances", []
    setting.write_text("128\n")
    raise_inotify(20, said.append, setting)
    assert setting.read_text() == "1024"
    assert said == ["raised fs.inotify.max_user_instances from 128 to 1024 (until the next reboot)"]


def test_where_it_cannot_be_raised_the_error_has_the_command(tmp_path):
    class Fixed(type(tmp_path)):
        def write_text(self, *_args, **_kwargs):
            raise PermissionError(13, "Permission denied")

    (tmp_path / "limit").write_text("128")
    with pytest.raises(FleetError, match=r"next: sysctl fs\.inotify\.max_user_instances=1024"):
        raise_inotify(20, print, Fixed(tmp_path / "limit"))
