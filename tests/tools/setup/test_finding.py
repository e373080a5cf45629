from pathlib import Path

from tools.setup.finding import Level, ok, softened, stop, table, warn

FINDINGS = [
    ok("python", "3.11.2 at /usr/bin/python3"),
    stop("root", "a local fleet needs root", "sudo make demo    (or use your own hosts over SSH instead)"),
    warn("memory", "1.2 GB available, building the Pulumi CLI likes 2.5", "add swap if it is killed"),
    warn("go proxy", "no answer within 4 s"),
    stop("subnet", "no /24 of 10.88.0.0/16 is free", "ip route"),
]


def test_all_findings_are_in_one_table_each_with_the_command_that_mends_it():
    golden = Path(__file__).parent / "golden" / "findings.txt"
    assert table(FINDINGS) + "\n" == golden.read_text()


def test_softened_findings_stop_nothing_and_keep_their_words():
    soft = softened(FINDINGS)
    assert Level.STOP not in {found.level for found in soft}
    assert [(found.name, found.text, found.mend) for found in soft] == [
        (found.name, found.text, found.mend) for found in FINDINGS
    ]
