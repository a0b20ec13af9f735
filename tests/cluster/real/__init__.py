"""A real Kubernetes in the lab: its servers, its nodes, and what is broken in it."""
