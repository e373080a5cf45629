"""Fleets as hypothesis makes them up: what was found and what is wanted."""

from hypothesis import strategies as st

from deploy.manifest.running import NOTHING, generation_of
from deploy.rollout.plan import Limits, Target

NAMES, HOSTS, GENERATIONS, PORTS = (
    ("a", "b", "c", "d"),
    ("h1", "h2", "h3"),
    ("1.0-x", "1.1-y"),
    (9001, 9002, 9003, 9004),
)
PHRASES = (*GENERATIONS, "1.0-x (inactive)", "1.1-y (edited by hand, failed)", "1.0-x (drained at e1)", NOTHING)
LOST = st.frozensets(st.sampled_from(HOSTS), max_size=2)
LIMITS = st.builds(
    Limits,
    st.none() | st.integers(1, 3),
    st.none() | st.integers(1, 3),
    st.lists(st.sampled_from(NAMES), unique=True).map(tuple),
)


@st.composite
def targets(draw, phrases, names=NAMES, arrivals=False):
    """Instances on hosts; no two have the same port on one host."""
    placement = draw(st.dictionaries(st.sampled_from(names), st.sampled_from(HOSTS)))
    numbers = draw(st.permutations(PORTS))
    ports = dict(zip(placement, numbers, strict=False))
    arrived = (
        draw(st.dictionaries(st.sampled_from(names), st.sampled_from(GENERATIONS), max_size=1)) if arrivals else {}
    )
    return Target({name: draw(st.sampled_from(phrases)) for name in placement}, placement, ports, arrived)


FOUND = targets(PHRASES)
WANTED = targets(GENERATIONS)


def world(target):
    """What runs where."""
    return {(target.placement[name], name): phrase for name, phrase in target.instances.items()}


def known(target):
    """The same target, in which what runs nowhere has no port."""
    ports = {name: port for name, port in target.ports.items() if generation_of(target.instances[name])}
    return Target(target.instances, target.placement, ports)
