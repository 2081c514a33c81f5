"""Whether the tokens that a method names matter to the model."""
