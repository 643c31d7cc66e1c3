"""Scripted conversations: byte-exact FTP servers and clients around a running haftp."""
