"""What each command does; `cli.py` parses, these run."""
