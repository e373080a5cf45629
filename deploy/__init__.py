"""How it gets there: settings, manifests, provider, hosts, rollout and the command line."""
