"""How much is drawn: the same examples in each run, so that a failure is a change and not chance."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "autotl",
    derandomize=True,
    deadline=None,  # the first example imports what the others use
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("autotl")
