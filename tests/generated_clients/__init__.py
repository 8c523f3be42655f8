"""Clients that generators make of the OpenAPI description: linted, made, type-checked, and run against a service."""
