"""Which addresses a cluster's nodes leave from: per cloud and on-prem, and the hosts to open."""
