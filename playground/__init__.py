"""Try Veo 3.1 across providers: check, submit, follow and keep every video."""
