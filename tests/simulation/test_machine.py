"""The same world, in which hypothesis looks for the faults, and makes what it finds as short as it can."""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.simulation.run import Run
from tests.simulation.scenario import KINDS, Fault, scenario

HOST_KINDS = sorted(kind for kind, (about, _) in KINDS.items() if about == "host")


class Rollouts(RuleBasedStateMachine):
    """A deploy goes on, step by step, and faults come over it; in the end there is peace, and all has to be well."""

    @initialize(seed=st.integers(0, 9999))
    def begins(self, seed):
        self.made = replace(scenario(seed), faults=())
        self.run = Run(self.made)

    def befall(self, kind, what, seconds=0.0):
        self.run.world.befall(Fault(self.run.world.agenda.steps, kind, what, seconds))

    @rule(steps=st.integers(1, 120))
    def goes_on(self, steps):
        self.run.some_steps(steps)

    @rule(kind=st.sampled_from(HOST_KINDS), place=st.integers(0, 4), seconds=st.integers(0, 120))
    def something_befalls_a_host(self, kind, place, seconds):
        hosts = sorted({*self.made.hosts, *self.made.edges})
        self.befall(kind, hosts[place % len(hosts)], float(seconds))

    @rule(place=st.integers(0, 4), seconds=st.integers(0, 300))
    def an_instance_falls_ill(self, place, seconds):
        names = sorted(self.made.wishes[1].releases)
        self.befall("ill", names[place % len(names)], float(seconds))

    @rule(seconds=st.integers(0, 120))
    def a_store_is_away(self, seconds):
        self.befall("unready", None, float(seconds))

    @rule(wish=st.sampled_from((1, 2)))
    def a_second_deploy_begins(self, wish):
        self.befall("start", wish)

    @rule(kind=st.sampled_from(("kill", "cancel")), which=st.integers(0, 1))
    def a_deploy_is_ended(self, kind, which):
        self.befall(kind, which)

    @rule(which=st.integers(0, 1), seconds=st.integers(0, 300))
    def a_deploy_is_stopped_for_a_while(self, which, seconds):
        self.befall("stop", which, float(seconds))

    def teardown(self):
        if hasattr(self, "run"):
            try:
                self.run.under_faults()
                self.run.in_peace()
            finally:
                self.run.close()


TestRollouts = Rollouts.TestCase
TestRollouts.settings = settings(
    max_examples=150, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
