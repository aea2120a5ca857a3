"""What is taught."""
