import io

from tools.setup.progress import Step, heartbeat


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_heartbeat_says_what_how_long_how_long_usually_and_where():
    line = heartbeat("building the Pulumi CLI", 40.2, 130.0, ".state/logs/pulumi-cli.log")
    assert line == "building the Pulumi CLI  40 s of about 130 s  log: .state/logs/pulumi-cli.log"


def test_off_a_terminal_a_line_comes_at_least_every_ten_seconds_and_not_more_often():
    clock, out = Clock(), io.StringIO()
    step = Step("pulumi", out=out, clock=clock)
    for tenth in range(300):
        clock.now = tenth / 10
        step.beat()
    assert out.getvalue().splitlines() == ["pulumi  9 s", "pulumi  18 s", "pulumi  27 s"]


def test_on_a_terminal_the_line_is_rewritten_each_second_and_cleared_at_the_end():
    clock, out = Clock(), Terminal()
    step = Step("pulumi", out=out, clock=clock)
    clock.now = 1.0
    step.beat()
    clock.now = 2.0
    step.done("built")
    assert out.getvalue() == "\r\x1b[Kpulumi  1 s\r\x1b[Kpulumi     built  (2.0 s)\n"
