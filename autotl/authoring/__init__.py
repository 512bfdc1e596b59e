"""Help plugin authors with a project and a first try."""
