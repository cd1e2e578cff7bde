//go:build faults

package faults

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestTermUnderLoad sends the real program SIGTERM while clients ask: nothing that
// was sent is lost, and it ends with status 0.
func TestTermUnderLoad(t *testing.T) {
	w := newTown(t)
	known := w.known(t, 4)
	dir := t.TempDir()
	program := filepath.Join(dir, "customer360")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "customer360").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	file := filepath.Join(dir, "customer360.yaml")
	if err := os.WriteFile(file, []byte(w.text+"limits: {drainDelay: 1s}\nlisten: 127.0.0.1:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-config", file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &house{}
	lines := bufio.NewScanner(out)
	for h.url == "" && lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "GraphQL: "); ok {
			h.url = strings.TrimSuffix(url, "/graphql")
		}
	}
	var (
		wg       sync.WaitGroup
		answered atomic.Int64
		gone     atomic.Bool
	)
	for email, sound := range known {
		wg.Go(func() {
			for !gone.Load() {
				a, _, err := h.ask(t.Context(), email)
				var dial *net.OpError
				switch {
				case errors.As(err, &dial) && dial.Op == "dial":
					return // the listener is closed: nothing was sent
				case err != nil:
					t.Errorf("a request that was sent failed: %v", err)
					return
				case a.whole() != "" || len(a.Data.Customer.Orders.Nodes) != len(sound.Data.Customer.Orders.Nodes):
					t.Errorf("an answer is not whole: %s", a.whole())
				}
				answered.Add(1)
			}
		})
	}
	for answered.Load() < 20 && !t.Failed() {
		pause(t.Context(), time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	pause(t.Context(), 500*time.Millisecond) // the balancer has seen /readyz by now
	before := answered.Load()
	gone.Store(true)
	wg.Wait()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with: %v", err)
	}
	t.Logf("%d requests answered before SIGTERM took effect, %d after", before, answered.Load()-before)
}
