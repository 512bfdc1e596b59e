"""Parts of report.json, one module for each."""
