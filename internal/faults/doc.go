// Package faults holds the running product to what docs/operations.md promises
// about broken systems and a broken Redis: real HTTP and TCP faults between it and
// the sandbox's systems, a real redis-server, the real program. It has tests only,
// behind the build tag faults, because they take minutes and need redis-server:
//
//	go test -tags faults -v ./internal/faults
//	go test -tags faults -v -run Soak -timeout 30m ./internal/faults -soak 15m
package faults
