"""The loss of a training: its targets, mixed examples and a teacher."""
