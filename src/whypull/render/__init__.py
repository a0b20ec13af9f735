"""A diagnosis becomes a string: a screen, JSON, YAML, a ticket, a page. Pure; whatever came from outside passes `safe`."""
