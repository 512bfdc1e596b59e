"""TabICLv2 as a head on frozen features: prediction in the context of the training images."""
