"""TLS connections whose bytes are the test's."""
