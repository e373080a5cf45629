"""What exists: the Pulumi components of the fleet, one noun a file."""
