"""What is posted: webhooks that a threader takes, of alerts that are told apart."""

import base64
import json

from tools.load.targets import targets


def posts(count):
    return [json.loads(line) for line in targets("http://10.88.0.14:9080/alert", count)]


def test_each_is_a_post_of_json_to_the_edge():
    for each in posts(3):
        assert (each["method"], each["url"]) == ("POST", "http://10.88.0.14:9080/alert")
        assert each["header"] == {"Content-Type": ["application/json"]}


def test_the_alerts_are_as_many_as_asked_for_and_no_two_are_the_same():
    bodies = [json.loads(base64.b64decode(each["body"])) for each in posts(50)]
    assert len({body["alerts"][0]["fingerprint"] for body in bodies}) == 50
    assert {body["status"] for body in bodies} == {"firing"}
