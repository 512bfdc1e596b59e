"""Configure Hypothesis: the same examples in each run, so that failures are reproducible."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "autotl",
    derandomize=True,
    deadline=None,  # the first example includes imports
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("autotl")
