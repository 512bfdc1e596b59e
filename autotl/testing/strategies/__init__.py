"""The parts of the checks of strategies."""
