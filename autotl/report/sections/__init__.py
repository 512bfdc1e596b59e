"""Build the sections of the report, one module for each section."""
