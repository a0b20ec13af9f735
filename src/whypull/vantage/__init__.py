"""From where a pull is walked: a pod on the node that pulls nothing, ssh, the node's runtime. Each says what it costs."""
