"""Generated product reviews with drawn photos, whose truth is known for each row."""
