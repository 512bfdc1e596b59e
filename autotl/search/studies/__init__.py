"""Optuna studies: one per arm, with its sampler, pruner and storage."""
