"""What is watched: targets, rules, routes, dashboards and log pipelines, made from the specs of a fleet. Pure."""
