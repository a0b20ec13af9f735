"""A faulty registry, token service, DNS server, proxy and CA on loopback: what `whypull demo` and the tests walk against.

Real sockets and real TLS, one switch a fault. Nothing here listens on anything but 127.0.0.1.
"""
