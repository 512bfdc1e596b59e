"""Parts of the report that depend on the kind of target."""
