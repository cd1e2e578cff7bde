package cache

import (
	"strings"
	"testing"
	"time"

	"customer360/internal/redistest"
)

// An answer that waits to be written when its owner is forgotten is not written, and
// one whose writing overtakes the deletion is deleted again.
func TestForgottenWhileBeingWritten(t *testing.T) {
	srv := redistest.Start(t)
	wrote, release := make(chan struct{}, 10), make(chan struct{})
	r := newReplica(t, single(srv), Options{Observe: Observer{Redis: func(op string, _ time.Duration, _ error) {
		if op == "write" {
			wrote <- struct{}{}
			<-release
		}
	}}}, minute).connected(t)
	r.must(t, "anna")
	r.must(t, "bert")
	for range writers {
		<-wrote
	}
	r.must(t, "carl") // waits: both writers are held up
	c := srv.Client()
	defer func() { _ = c.Close() }()
	k := &r.kinds["shop"][0]
	hash := k.key(r.names[0].owner(k, "anna"))
	late, err := c.HGetAll(t.Context(), hash).Result()
	if err != nil || len(late) != 1 {
		t.Fatalf("anna is stored as %v, %v", late, err)
	}
	if err := r.Forget(t.Context(), []Owner{{"shop", "anna"}, {"shop", "carl"}}); err != nil {
		t.Fatal(err)
	}
	if err := c.HSet(t.Context(), hash, late).Err(); err != nil { // as if it had arrived after the deletion
		t.Fatal(err)
	}
	close(release)
	r.Close()
	left, err := c.Keys(t.Context(), "*").Result()
	bert := k.key(r.names[0].owner(k, "bert"))
	if err != nil || strings.Join(left, " ") != bert {
		t.Errorf("redis holds %v, want only %s (%v)", left, bert, err)
	}
	if len(r.open) != 0 {
		t.Errorf("%d questions are still looked after", len(r.open))
	}
}
