from tools.setup.clean import remove


def test_what_can_be_made_again_goes_and_stacks_stay(tmp_path):
    for name in (".venv/bin", ".state/pulumi", ".state/logs", "deploy/__pycache__"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".state" / "passphrase").write_text("x")
    said = remove(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".state", "deploy", "passphrase", "pulumi"]
    assert "pulumi passphrase" in said
