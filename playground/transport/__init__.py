"""The wire: one HTTP call and its answer, keys only to their own origins, guarded links, resumable downloads."""
