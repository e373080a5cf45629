# Every target is one call: what it does is in tools/setup/verbs.py. Arguments: make test ARGS="-k drift"
.PHONY: help setup demo demo-down test test-fast test-kill test-many test-rolling test-boundaries test-load test-strategies test-monitoring test-matrix simulate bench check lock release clean
.DEFAULT_GOAL := help
run := @tools/setup/bootstrap

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do printf '  make %-15s %s\n' "$$name" "$$what"; done

setup: ## .venv, the Pulumi CLI, missing Debian packages (demo and test do it by themselves)
	$(run) setup

demo: ## three real hosts on this machine, converged by `pulumi up`
	$(run) demo $(ARGS)

demo-down: ## take the demo down; prints what stays and how to remove it
	$(run) demo-down $(ARGS)

test: ## all tests, on fleets of their own
	$(run) test $(ARGS)

test-fast: ## the tests that need no fleet and no Pulumi CLI (plain pytest does the same)
	$(run) test-fast $(ARGS)

test-kill: ## SIGKILL of `pulumi up` at ten moments (make test tries two)
	$(run) test-kill $(ARGS)

test-many: ## a fleet of 20 hosts (make test has one of 8)
	$(run) test-many $(ARGS)

test-rolling: ## rolling updates that go wrong, all nine (make test tries three)
	$(run) test-rolling $(ARGS)

test-boundaries: ## a rollout broken at every boundary in five ways, 75 in all (make test tries eight)
	$(run) test-boundaries $(ARGS)

test-load: ## 20,000 requests at the edge during rollouts and reloads (make test sends 3,000)
	$(run) test-load $(ARGS)

test-strategies: ## every strategy under 20,000 requests, with idle edges, and broken at every stage in six ways, 104 in all; keeps the figures (make test tries a few)
	$(run) test-strategies $(ARGS)

test-monitoring: ## every alert, route, dashboard and log pipeline; prints what is covered and which mistakes are found
	$(run) test-monitoring $(ARGS)

simulate: ## rollouts under faults in a simulated world: ARGS="--runs 100000 --seed 7" (make test does 5,000)
	$(run) simulate $(ARGS)

bench: ## how soon traffic is back at the edges (only this: ARGS=--traffic), and 20 instances on 10 hosts
	$(run) bench $(ARGS)

test-matrix: ## order and path cases in fresh clones; long
	$(run) test-matrix $(ARGS)

check: ## ruff, mypy, fast tests
	$(run) check

lock: ## requirements.lock from requirements.txt
	$(run) lock

release: ## build the release artifacts into dist/: ARGS="--version 1.1.0" (default: what the sources say)
	$(run) release $(ARGS)

clean: ## remove .venv, caches and logs; stacks and fleets stay
	$(run) clean
