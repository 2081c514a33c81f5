"""Which tokens made a prediction."""
