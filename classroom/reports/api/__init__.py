"""The API of reports: the same figures as the pages, through the same scope."""
