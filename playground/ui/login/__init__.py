"""Who may come in: a gate around the whole application, the passwords and the OpenID provider that it asks."""
