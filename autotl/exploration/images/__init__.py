"""List and read images, and compute their features."""
