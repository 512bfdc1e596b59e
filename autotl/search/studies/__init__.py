"""Optuna studies: they suggest the hyperparameters of trials."""
