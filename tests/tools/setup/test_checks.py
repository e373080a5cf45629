from tools.setup.checks import CHECKS, check


def test_all_checks_run_even_after_one_has_failed(capsys):
    ran = []
    code = check(lambda words: ran.append(words) or int(words[0] == "mypy"))
    assert (code, len(ran)) == (1, len(CHECKS))
    assert "check: failed: mypy" in capsys.readouterr().out


def test_green_is_zero():
    assert check(lambda _: 0) == 0
