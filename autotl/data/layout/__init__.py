"""What the names and places of files in a tree of folders mean."""
