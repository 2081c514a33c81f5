"""A YAML for each system, to be copied and edited."""
