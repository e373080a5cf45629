"""What a checkout needs around the fleet: set-up, local hosts, artifacts, demo."""
