"""The application: its addresses, schemas and pages."""
