"""Write sentences that several sections of the report use."""
