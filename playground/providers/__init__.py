"""The adapters: pure functions between a request and a provider's HTTP. A leading underscore marks what they share."""
