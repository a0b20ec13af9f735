"""The verbs: one module each, with `run(args) -> exit code`."""
