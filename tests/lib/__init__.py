"""What the tests share: processes, loopback addresses, real FTP servers and clients, haftp."""
