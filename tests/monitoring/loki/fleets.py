"""The fleet whose rules are tried: two hosts, a threader on each, and one host that is lost."""

from deploy.settings.specs import HostSpec
from tests.monitoring.logs.fleets import HOST, OTHER, fleet

GONE = HostSpec("gone-1", "10.0.0.9", lost=True)
FLEET = fleet(hosts=(HOST, OTHER, GONE))
