"""The alert threader: Alertmanager's webhooks in, one Slack thread for each incident out."""
