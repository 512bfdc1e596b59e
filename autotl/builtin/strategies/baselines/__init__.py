"""Baselines: training without transfer."""
