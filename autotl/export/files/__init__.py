"""Write each format of an export."""
