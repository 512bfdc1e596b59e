"""Built-in strategies: baselines, probes of frozen features, and tuning of layers."""
