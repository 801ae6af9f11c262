# One short script per verb, in scripts/: the same for a person and for CI.
#   make test ARGS="-k ledger"     make bench ONLY=likeness     make setup PYTHON=python3.12

.DEFAULT_GOAL := help
.PHONY: help setup check test demo bench gallery docs clean
export PYTHON

help:   ## show this list
	@grep -hE '^[a-z]+: .*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup:  ## create .venv with the pinned versions (the other verbs do this by themselves)
	@scripts/setup

check:  ## style, types, import contracts, pins, documentation: a minute or two
	@scripts/check

test:   ## every test, on a real PostgreSQL and a real S3 server, with coverage: under 20 minutes on two cores
	@scripts/test $(ARGS)

demo:   ## from a plan to a workspace that proves what it holds
	@scripts/demo

bench:  ## measure, and write docs/measurements.md anew (ONLY=name for one of bench/*.py)
	@scripts/bench $(if $(ONLY),--only $(ONLY))

gallery: ## draw the pictures of docs/gallery.md anew: minutes (ARGS="--only crack --seed 3")
	@scripts/gallery $(ARGS)

docs:   ## build the documentation into site/
	@scripts/docs

clean:  ## remove what the other verbs made
	@scripts/clean
