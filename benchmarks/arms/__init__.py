"""Measure every strategy alone at equal time, and the worth of each beside the others."""
