"""Statistics of source images, and how near other images are."""
