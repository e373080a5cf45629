from tools.fleet.spec import BootSpec, dump, load


def test_specs_survive_the_way_to_the_boot_process_in_one_line():
    spec = BootSpec("id", 1, '/b "x"\n', "/f", 1, 2, "10.0.0.11/24", "10.0.0.1", 3, "/k", "ssh-ed25519 A\n")
    assert load(dump([spec])) == (spec,)
    assert "\n" not in dump([spec])
