"""The resources of the monitoring on hosts that are only objects: what they show, what they do, and what they leave."""

import asyncio
import hashlib
import json

import pytest

from components.monitoring import part_inputs
from deploy.errors import ForPeople
from deploy.faults import HostFault
from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.loaded import ANOTHER, LOADED, NOTHING, OLDER, configured_with, started_with
from deploy.provider.fleet import LostHost
from deploy.provider.resources import part as module
from deploy.provider.resources.base import Context
from deploy.provider.resources.part import PartFailed, PartResource
from deploy.provider.values import Secret, plain, properties
from deploy.settings.specs import HostSpec
from tests.components.fleets import spec
from tests.deploy.manifest.monitoring.parts import ALL, LASTING, unit_path
from tests.deploy.provider.fakes import FakeEngine, FakeFleet, connection, fault, snapshot_of

CONFIG = "/etc/alert-threader-prometheus/prometheus.yml"
WEBHOOK_FILE = "/etc/alert-threader-alertmanager/slack_webhook_url"
RUNNING = {"state": "running", "reason": None}


class PartFleet(FakeFleet):
    """Applies changes to what is found, and does what the helper would; `answer` is what it says instead."""

    def __init__(self, **hosts):
        super().__init__(**hosts)
        self.answer, self.artifacts = RUNNING, []

    async def apply(self, connection, changes, access, artifact=None):
        await super().apply(connection, changes, access)
        self.artifacts.append(artifact)
        paths = self.hosts[connection["host"]]["paths"]
        for change in changes:
            if change.section == "files":
                paths[change.name] = {"file": change.wanted, "access": access.get(change.name, "root:root 0644")}
                if change.wanted is None:
                    del paths[change.name]

    async def part(self, connection, request):
        found = await self._contact("part", connection, request)
        if self.answer is RUNNING:
            runs(found, self.wanted)
        return self.answer

    wanted = None


def runs(found, inputs, *, configuration=None, started=None):
    """Let the part on a host run with what is wanted there, or with something else."""
    name, manifest = inputs["part"], Manifest.of(inputs)
    sums = {
        "started": started_with(name, manifest) if started is None else started,
        "loaded": configured_with(name, manifest) if configuration is None else configuration,
    }
    for file, noted in sums.items():
        text = "".join(f"{digest}  {path}\n" for path, digest in noted.items())
        found["paths"][f"/run/alert-threader-{name}/{file}"] = {"file": text, "access": "x:x 0600"}
    found["units"] |= manifest.units
    return found


def inputs(name="prometheus", **changes):
    made = part_inputs(ALL[name], HostSpec("h1", "addr-h1"), spec(), Secret)
    return {**made, "connection": connection("h1"), "unreachable": "fail", **changes}


def host(name="prometheus", *, bare=False, **changes):
    """A host on which a part runs as wanted."""
    found = snapshot_of(Manifest() if bare else Manifest.of(inputs(name)))
    return {**(found if bare else runs(found, inputs(name))), **changes}


def part(found):
    fleet = PartFleet(h1=found)
    return PartResource(Context(fleet, FakeEngine()))


def read(resource, old=None):
    return asyncio.run(resource.read("urn", old or inputs()))


def update(resource, old=None, new=None):
    resource.context.fleet.wanted = new or inputs()
    return asyncio.run(resource.update("urn", old or inputs(), new or inputs()))


def changed(resource):
    calls = resource.context.fleet.did("apply")
    return {f'{each.section}["{each.name}"]': each.wanted for _, _, changes in calls for each in changes}


def asked(resource):
    return [request for _, _, request in resource.context.fleet.did("part")]


@pytest.mark.parametrize("name", ALL)
def test_a_part_as_wanted_shows_nothing_also_over_the_wire(name):
    resource, sent = part(host(name)), plain(properties(inputs(name)))
    assert resource.diff(plain(properties(read(resource, sent))), sent) == {}


@pytest.mark.parametrize("name", ALL)
def test_creating_on_a_bare_host_makes_everything_and_has_it_run(name, monkeypatch):
    monkeypatch.setattr(module, "local", lambda *words: "/here/program.tar.gz")
    resource, new = part(host(bare=True)), inputs(name)
    resource.context.fleet.wanted = new
    assert asyncio.run(resource.create("urn", new)) == (f"h1/{name}", new)
    made = {key.partition('["')[2][:-2] for key in changed(resource)}
    manifest = Manifest.of(new)
    assert made == {*manifest.paths, *manifest.packages, *manifest.masks, *manifest.programs, *manifest.sources}
    (request,) = asked(resource)
    assert (request["unit"], request["verb"]) == (next(iter(manifest.units)), "restart")


@pytest.mark.parametrize("name", ALL)
def test_what_runs_as_wanted_is_not_touched(name):
    resource = part(host(name))
    update(resource, inputs(name), inputs(name))
    assert changed(resource) == {}
    assert asked(resource) == []


def test_a_configuration_edited_by_hand_shows_line_by_line_and_is_put_right_without_a_reload():
    found = host()
    found["paths"][CONFIG]["file"] = "global: {}\n# mine\n"
    resource = part(found)
    old = read(resource)
    assert resource.diff(old, inputs()) == {f'files["{CONFIG}"]': "update"}
    update(resource, old)
    assert changed(resource) == {f'files["{CONFIG}"]': "global: {}\n"}
    assert asked(resource) == []


def test_another_configuration_is_reloaded_where_that_can_be_and_checked_first():
    new = inputs(files={**inputs()["files"], CONFIG: "global: {scrape_interval: 5s}\n"})
    resource = part(host())
    update(resource, inputs(), new)
    (request,) = asked(resource)
    assert request["verb"] == "reload"
    assert request["check"] == ["/usr/bin/promtool", "check", "config", CONFIG]
    assert request["listens"] == "127.0.0.1:9090"


def test_what_can_not_reload_is_started_anew(monkeypatch):
    path = "/etc/alert-threader-loki/loki.yaml"
    new = inputs("loki", files={**inputs("loki")["files"], path: "server: {log_level: warn}\n"})
    resource = part(host("loki"))
    update(resource, inputs("loki"), new)
    assert [request["verb"] for request in asked(resource)] == ["restart"]


def test_another_unit_file_or_secret_needs_a_new_start():
    for path in (unit_path("alertmanager"), WEBHOOK_FILE):
        new = inputs("alertmanager", files={**inputs("alertmanager")["files"], path: Secret("another\n")})
        resource = part(host("alertmanager"))
        update(resource, inputs("alertmanager"), new)
        assert [request["verb"] for request in asked(resource)] == ["restart"]


@pytest.mark.parametrize(
    ("change", "state"),
    [({"configuration": {}}, ANOTHER), ({"started": {}}, OLDER)],
)
def test_what_runs_with_something_else_shows_and_is_made_up_for(change, state):
    resource = part(runs(host(), inputs(), **change))
    old = read(resource)
    assert resource.diff(old, inputs()) == {"loaded": "update"}
    assert old["loaded"] == state
    update(resource, old)
    assert changed(resource) == {}
    assert [request["verb"] for request in asked(resource)] == ["reload" if state == ANOTHER else "restart"]


def test_a_part_that_somebody_stopped_shows_and_is_started():
    found = snapshot_of(Manifest.of(inputs()))
    found["units"] = {"alert-threader-prometheus.service": "inactive"}
    resource = part(found)
    old = read(resource)
    assert old["loaded"] == NOTHING
    assert resource.diff(old, inputs()) == {
        'units["alert-threader-prometheus.service"]': "add",
        "loaded": "update",
    }
    update(resource, old)
    assert len(asked(resource)) == 1


def test_a_mask_that_somebody_took_away_shows_and_is_put_back():
    found = host()
    del found["paths"]["/etc/systemd/system/prometheus.service"]
    resource = part(found)
    old = read(resource)
    assert resource.diff(old, inputs()) == {'masks["prometheus.service"]': "add"}
    update(resource, old)
    assert changed(resource) == {'masks["prometheus.service"]': "masked"}


@pytest.mark.parametrize(
    "path",
    ["/etc/alert-threader-prometheus/rules/mine.yml", f"{unit_path('prometheus')}.d/override.conf"],
)
def test_what_somebody_puts_beside_what_is_ours_shows_masked_and_goes(path):
    found = host()
    found["paths"][path] = {"file": "mine", "access": "root:root 0644"}
    resource = part(found)
    old = read(resource)
    assert resource.diff(old, inputs()) == {f'files["{path}"]': "delete", f'access["{path}"]': "delete"}
    assert isinstance(old["files"][path], Secret)
    update(resource, old)
    assert changed(resource)[f'files["{path}"]'] is None


def test_folders_that_somebody_made_for_that_go_after_what_lies_in_them():
    folder = f"{unit_path('prometheus')}.d"
    found = host()
    found["paths"][folder] = {"directory": "root:root 0755"}
    found["paths"][f"{folder}/mine.conf"] = {"file": "", "access": "root:root 0644"}
    resource = part(found)
    update(resource, read(resource))
    names = [key.partition("[")[0] for key in changed(resource)]
    assert names.index("files") < names.index("directories")


def test_what_lies_beside_another_part_is_no_ones_business():
    found = host()
    found["paths"]["/etc/alert-threader-prometheus-x/a"] = {"file": "", "access": "root:root 0644"}
    assert part(found).diff(read(part(found)), inputs()) == {}


def test_secrets_stay_secret_also_when_they_are_read_back_and_edited():
    found = host("alertmanager")
    found["paths"][WEBHOOK_FILE]["file"] = "edited-secret\n"
    old = read(part(found), plain(properties(inputs("alertmanager"))))
    assert isinstance(old["files"][WEBHOOK_FILE], Secret)
    shown = str(properties({name: value for name, value in old.items() if name != "files"}))
    assert "very-secret" not in shown
    assert isinstance(inputs("alertmanager")["files"][WEBHOOK_FILE], Secret)


# --- programs


def test_a_program_is_brought_once_and_the_one_before_goes_when_the_new_one_runs(monkeypatch):
    asked_for = []
    monkeypatch.setattr(module, "local", lambda *words: asked_for.append(words) or "/here/program.tar.gz")
    folder, older = "/opt/alert-threader/loki-ab12ab12ab12", "/opt/alert-threader/loki-000000000000"
    found = host("loki", programs={older: "00" * 32})
    found["paths"]["/opt/alert-threader"] = {"directory": "root:root 0755"}
    resource = part(found)
    old = read(resource, inputs("loki"))
    assert resource.diff(old, inputs("loki")) == {f'programs["{folder}"]': "add", f'programs["{older}"]': "delete"}
    found["paths"]["/run/alert-threader-loki/started"]["file"] = "the one before"
    update(resource, old, inputs("loki"))
    assert asked_for[0][:2] == ("dist/program.tar.gz", "ab12" * 16)
    assert asked_for[0][3] == "alert-threader:monitoring.loki.source"
    assert resource.context.fleet.artifacts[0] == "/here/program.tar.gz"
    verbs = [(call[0], [each.name for each in call[2]]) if call[0] == "apply" else call[0] for call in calls(resource)]
    assert verbs == [("apply", [folder]), "part", ("apply", [older])]


def calls(resource):
    return resource.context.fleet.did("apply", "part")


def test_a_program_that_was_edited_by_hand_shows_and_is_brought_again(monkeypatch):
    monkeypatch.setattr(module, "local", lambda *words: "/here/program.tar.gz")
    folder = "/opt/alert-threader/loki-ab12ab12ab12"
    resource = part(host("loki", programs={folder: f"{'ab12' * 16}, edited by hand: loki"}))
    old = read(resource, inputs("loki"))
    assert resource.diff(old, inputs("loki")) == {f'programs["{folder}"]': "update"}
    update(resource, old, inputs("loki"))
    assert changed(resource) == {f'programs["{folder}"]': "ab12" * 16}


def test_a_tarball_that_is_not_there_is_told_by_its_setting(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROOT", tmp_path)
    resource = part(host("loki", programs={}))
    with pytest.raises(ForPeople, match=r"monitoring\.loki\.source: dist/program\.tar\.gz is not there"):
        update(resource, read(resource, inputs("loki")), inputs("loki"))


# --- what goes wrong


def refused(resource, **answer):
    resource.context.fleet.answer = {"state": "refused", "reason": "FAILED: parsing YAML file", **answer}


def test_a_configuration_that_is_refused_is_told_in_its_own_words_and_taken_back():
    new = inputs(files={**inputs()["files"], CONFIG: "globl: {}\n", f"{CONFIG}.new": "x\n"})
    new["access"] = {**new["access"], f"{CONFIG}.new": "root:root 0644"}
    resource = part(host())
    refused(resource)
    with pytest.raises(PartFailed, match=r"h1: it refuses .*, and runs on with the one before: FAILED: parsing"):
        update(resource, inputs(), new)
    paths = resource.context.fleet.hosts["h1"]["paths"]
    assert paths[CONFIG]["file"] == "global: {}\n"
    assert f"{CONFIG}.new" not in paths


def test_where_nothing_ran_before_nothing_is_taken_back():
    resource = part(host(bare=True))
    refused(resource)
    with pytest.raises(PartFailed, match="it refuses its configuration: FAILED"):
        asyncio.run(resource.create("urn", inputs()))
    assert CONFIG in resource.context.fleet.hosts["h1"]["paths"]


def test_a_program_that_does_not_run_is_told_with_its_own_words_and_the_next_command():
    resource = part(host(bare=True))
    refused(resource, state="failed", reason="listen tcp :9090: bind: address already in use")
    with pytest.raises(PartFailed, match=r"address already in use; next: threader doctor h1, or there: journalctl -u "):
        asyncio.run(resource.create("urn", inputs()))


def test_one_that_runs_with_something_else_all_the_same_is_told():
    resource = part(runs(host(), inputs(), configuration={}))
    resource.context.fleet.answer = {**RUNNING}
    with pytest.raises(PartFailed, match="it runs another configuration"):
        update(resource)


def test_a_large_file_that_was_there_before_is_not_put_back_as_its_digest():
    digest = f"not text: sha256 {hashlib.sha256(b'x').hexdigest()}"
    found = host()
    found["paths"][CONFIG]["file"] = digest
    new = inputs(files={**inputs()["files"], CONFIG: "globl: {}\n"})
    resource = part(found)
    refused(resource)
    with pytest.raises(PartFailed):
        update(resource, read(resource), new)
    assert resource.context.fleet.hosts["h1"]["paths"][CONFIG]["file"] == "globl: {}\n"


def test_a_host_that_does_not_answer_is_skipped_where_the_settings_allow_it_and_holds_up_no_rollout():
    resource, new = part(fault("h1")), inputs(unreachable="skip")
    assert resource.diff(update(resource, inputs(), new), new) == {"unverified": "delete"}
    with pytest.raises(HostFault) as caught:
        update(resource)
    assert "nothing was activated" not in str(caught.value)


def test_a_lost_host_is_never_contacted_and_shows_nothing_but_that():
    resource, lost = part(fault("h1")), inputs(lost=True, files={}, loaded="x")
    assert resource.diff(inputs(), lost) == {"lost": "update"}
    assert read(resource, lost) == lost
    update(resource, inputs(), lost)
    asyncio.run(resource.delete("urn", lost))
    assert resource.context.fleet.calls == []


# --- removal


@pytest.mark.parametrize("name", LASTING)
def test_removing_stops_it_first_and_leaves_nothing_of_it_but_the_package(name):
    found = host(name)
    found["paths"][f"/etc/alert-threader-{name}/mine"] = {"file": "", "access": "root:root 0644"}
    resource = part(found)
    asyncio.run(resource.delete("urn", inputs(name)))
    ((_, _, changes),) = resource.context.fleet.did("apply")
    assert (changes[0].section, changes[0].name) == ("units", f"alert-threader-{name}.service")
    assert all(change.wanted is None for change in changes)
    assert f"/etc/alert-threader-{name}/mine" in {change.name for change in changes}
    ((_, _, *words),) = resource.context.fleet.did("run")
    assert words == ["rm", "-rf", f"/var/lib/alert-threader-{name}", f"/var/lib/private/alert-threader-{name}"]


def test_nothing_is_forgotten_of_a_host_that_does_not_answer():
    with pytest.raises(LostHost, match="THREADER_LOST=h1 pulumi up"):
        asyncio.run(part(fault("h1")).delete("urn", inputs()))


def test_a_part_under_another_name_on_the_same_machine_is_the_same_part():
    resource, renamed = part(host()), inputs(connection={**connection("h1"), "host": "other"})
    resource.claim(renamed)
    assert resource.taken_over(inputs())
    assert not resource.taken_over(inputs("loki"))


def test_inputs_are_plain_data():
    assert json.loads(json.dumps(inputs("grafana"))) == inputs("grafana")


def test_the_timer_of_the_watchdog_is_started_anew_for_another_schedule_only():
    timer = "/etc/systemd/system/alert-threader-watchdog.timer"
    for path, times in ((timer, 1), ("/usr/local/lib/alert-threader/watchdog", 0)):
        new = inputs("watchdog", files={**inputs("watchdog")["files"], path: "another\n"})
        resource = part(host("watchdog"))
        update(resource, inputs("watchdog"), new)
        assert [request["unit"] for request in asked(resource)] == ["alert-threader-watchdog.timer"] * times


def test_what_is_loaded_is_never_compared_with_what_was_never_written():
    assert inputs()["loaded"] == LOADED
