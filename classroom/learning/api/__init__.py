"""The HTTP interface of the learning room."""
