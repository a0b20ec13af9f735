"""The lab: a real container runtime in network namespaces, one fault at a time, and the printed fix must heal it."""
