"""Random sessions against real servers, with and without haftp between: the same must be seen."""
