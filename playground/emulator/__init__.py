"""The stand-ins: each provider's protocol from the other side. A leading underscore marks what they share."""
