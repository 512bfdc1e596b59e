from autotl.builtin.executors.serial import Serial, autotl_executors
from autotl.testing.executor import ExecutorChecks


class TestSerial(ExecutorChecks):
    executor = Serial()


def test_it_is_offered_as_a_plugin_offers_it():
    assert [executor.name for executor in autotl_executors()] == ["serial"]
