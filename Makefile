# What there is to type. `make check` is what CI runs.
.PHONY: run test lint generate check

run: ## the sandbox: the product over invented systems
	go run .

test:
	go test ./...

lint:
	.ci/lint

generate: ## code and docs/schema.graphql, from graph/*.graphqls
	go generate ./...
	go run . schema >docs/schema.graphql

check:
	bash .ci/run
