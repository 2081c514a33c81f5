"""The encoder of each kind of modality where none is asked for; all of them ship in wheels."""

DEFAULT_ENCODERS = {"text": "minilm", "image": "efficientnet-lite2", "audio": "whisper-tiny"}
