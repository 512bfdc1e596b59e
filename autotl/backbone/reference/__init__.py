"""Statistics of source images, and the similarity of other images to them."""
