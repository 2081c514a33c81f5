"""The encoder of each modality where none is asked for; both ship in wheels."""

DEFAULT_ENCODERS = {"text": "minilm", "image": "efficientnet-lite2"}
