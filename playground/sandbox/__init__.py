"""The renderer behind the key-free provider: any request becomes a real, clearly labelled MP4."""
