import threading
import time

from tools.setup.locks import held
from tools.setup.progress import Step


def test_the_second_waits_until_the_first_is_done(tmp_path):
    order = []

    def second():
        with held(tmp_path / "lock", Step("second"), "the first works"):
            order.append("second")

    with held(tmp_path / "lock", Step("first"), ""):
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.3)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
