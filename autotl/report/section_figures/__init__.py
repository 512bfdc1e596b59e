"""Figures of the sections: their captions, and their data from the report."""
