"""Modalities: the kinds of inputs."""
