"""An exported model over HTTP: an API, a page, and what keeps both safe."""
