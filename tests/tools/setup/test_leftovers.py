from tools.setup import leftovers


def test_what_stays_is_named_with_the_command_that_removes_it(tmp_path, monkeypatch):
    (tmp_path / "pulumi-1234").mkdir()
    (tmp_path / "pulumi-1234" / "pulumi").write_bytes(b"x" * 2_000_000)
    monkeypatch.setattr(leftovers, "cache", lambda: tmp_path)
    monkeypatch.setattr(leftovers.packages, "installed", lambda: ("curl", "nftables"))
    monkeypatch.setattr(leftovers, "_routes", lambda: ["unreachable 10.88.0.0/24 proto 188 metric 42000"])
    lines = leftovers.report().splitlines()
    assert f"      2 MB  {tmp_path}/pulumi-*  (1)" in lines
    assert f"      remove: rm -rf {tmp_path}" in lines
    assert "      remove: apt-get purge --autoremove curl nftables" in lines
    assert "      remove: ip route del unreachable 10.88.0.0/24 proto 188 metric 42000" in lines
