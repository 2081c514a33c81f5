"""ModelFailure: the model raised what no input should make it raise."""


class ModelFailure(Exception):
    """A fault of ours; its cause is what was raised, which is for the log and not for the user."""
