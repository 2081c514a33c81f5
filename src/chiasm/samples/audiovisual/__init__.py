"""Things that are seen, heard and told of, each in a part of the rows only."""
