"""What the playground is about: requests, capability tables, jobs and errors. Knows pydantic and the stdlib only."""
