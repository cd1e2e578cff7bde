package sourcetest

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
)

// TB is the part of testing.TB that the checks use. Checks get a recorder: they
// run side by side whatever -parallel says, and the suite's own tests see them fail.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	Failed() bool
}

// width is how many checks run at once. Most of them wait.
const width = 24

// verdict is what came out of a check.
type verdict struct {
	name    string
	lines   []string
	failed  bool
	skipped bool
}

// replay tells a verdict as a subtest.
func (v verdict) replay(t *testing.T, name string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		text := strings.Join(v.lines, "\n")
		switch {
		case v.failed:
			t.Error(text)
		case v.skipped:
			t.Skip(text)
		case text != "":
			t.Log(text)
		}
	})
}

// maxLines bounds what one check tells: the first mistakes say it all.
const maxLines = 20

type recorder struct {
	mu sync.Mutex
	v  verdict
}

func (r *recorder) Helper() {}

func (r *recorder) add(format string, args ...any) {
	if len(r.v.lines) < maxLines {
		r.v.lines = append(r.v.lines, fmt.Sprintf(format, args...))
	}
}

func (r *recorder) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(format, args...)
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(format, args...)
	r.v.failed = true
}

// Fatalf ends the check; like testing.T's it belongs into the check's own goroutine.
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skipf(format string, args ...any) {
	r.mu.Lock()
	r.add(format, args...)
	r.v.skipped = true
	r.mu.Unlock()
	runtime.Goexit()
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.v.failed
}

// judge runs one check. A panic of the source is a failure of the check.
func judge(c check) verdict {
	r := &recorder{v: verdict{name: c.name}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		c.run(r)
	}()
	<-done
	return r.v
}

// execute runs the checks of a group and keeps their order.
func (g group) execute() []verdict {
	out := make([]verdict, len(g.checks))
	n := width
	if g.alone {
		n = 1
	}
	gate := make(chan struct{}, n)
	var wg sync.WaitGroup
	for i, c := range g.checks {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			out[i] = judge(c)
		})
	}
	wg.Wait()
	return out
}
