"""Pictures and clips that somebody gave: opened within limits, held upright, in screen colours."""
