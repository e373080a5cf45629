from pathlib import Path

from tools.setup.environment import OURS, environment, resolve, variables

HERE, THERE = Path("/work/here"), Path("/work/there")


def test_a_path_with_special_characters_becomes_a_url_that_pulumi_reads():
    found = resolve(variables(Path("/a b/c%d#e"), offline=False), {})
    assert found["PULUMI_BACKEND_URL"] == "file:///a%20b/c%25d%23e/.state/pulumi"
    assert found["PULUMI_CONFIG_PASSPHRASE_FILE"] == "/a b/c%d#e/.state/passphrase"


def test_a_backend_that_the_user_chose_stays():
    assert "PULUMI_BACKEND_URL" not in resolve(variables(HERE, False), {"PULUMI_BACKEND_URL": "s3://states"})


def test_a_passphrase_that_the_user_chose_stays_even_an_empty_one():
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in resolve(variables(HERE, False), {"PULUMI_CONFIG_PASSPHRASE": ""})


def test_the_backend_of_another_checkout_activated_before_is_no_choice():
    before = resolve(variables(THERE, False), {})
    assert resolve(variables(HERE, False), before)["PULUMI_BACKEND_URL"] == "file:///work/here/.state/pulumi"


def test_every_variable_of_ours_is_marked_as_ours():
    found = resolve(variables(HERE, True), {})
    names = {name for name in found if not name.startswith(OURS)}
    assert {found[name] == found[OURS + name] for name in names} == {True}


def test_plugins_are_downloaded_only_where_something_can_be_reached():
    name = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    assert name in resolve(variables(HERE, offline=True), {})
    assert name not in resolve(variables(HERE, offline=False), {})


def test_the_venv_comes_first_in_path_and_only_once(tmp_path):
    scripts = f"{tmp_path}/.venv/bin"
    assert environment(tmp_path, {"PATH": f"/usr/bin:{scripts}:/bin"})["PATH"] == f"{scripts}:/usr/bin:/bin"


def test_what_set_up_found_out_about_the_network_is_remembered(tmp_path):
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state" / "setup.json").write_text('{"offline": true}')
    assert environment(tmp_path, {})["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
