"""The pull walked again: walk.py is the plan, wire.py performs a step with sockets."""
