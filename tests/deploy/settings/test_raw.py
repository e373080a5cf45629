from deploy.settings.raw import parsed, sections


def test_objects_are_read_and_other_namespaces_left_out():
    strings = {"alert-threader:rollout": '{"keep":7}', "aws:region": "eu-west-1"}
    assert parsed(strings) == {"rollout": {"keep": 7}}


def test_a_key_that_looks_like_a_number_stays_text():
    assert parsed({"alert-threader:digest_key": "12e45678"}) == {"digest_key": "12e45678"}


def test_text_that_is_no_json_is_left_for_load_to_tell():
    assert parsed({"alert-threader:hosts": "app-1", "alert-threader:env": "[" * 100_000}) == {
        "hosts": "app-1",
        "env": "[" * 100_000,
    }


def test_encrypted_sections_are_told_without_the_namespace():
    assert sections(["alert-threader:secrets", "aws:token"]) == {"secrets"}
