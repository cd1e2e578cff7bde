package redistest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// MasterName is what the sentinels call the server that they watch.
const MasterName = "main"

// sentinels agree by two of three.
const (
	sentinels = 3
	quorum    = 2
)

// Sentinels are a master, its replica and the sentinels that watch them.
type Sentinels struct {
	Master, Replica *Server
	Watchers        []*Server
	Addrs           []string // of the sentinels
}

// StartSentinels starts a master, a replica and three sentinels, and waits until the
// sentinels know each other and the replica. They replace a master that is silent for a second.
func StartSentinels(t testing.TB) *Sentinels {
	t.Helper()
	s := &Sentinels{Master: Start(t)}
	s.Replica = Start(t, "--replicaof", "127.0.0.1", fmt.Sprint(s.Master.port), "--repl-diskless-sync-delay", "0")
	for range sentinels {
		w := place(t)
		dir := t.TempDir()
		file := filepath.Join(dir, "sentinel.conf") // sentinels write their state into it
		text := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nsentinel monitor %s 127.0.0.1 %d %d\n"+
			"sentinel down-after-milliseconds %[3]s 1000\nsentinel failover-timeout %[3]s 5000\n", w.port, dir, MasterName, s.Master.port, quorum)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.args = []string{file, "--sentinel"}
		w.launch()
		s.Watchers = append(s.Watchers, w)
		s.Addrs = append(s.Addrs, w.Addr)
	}
	for _, w := range s.Watchers {
		c := w.Client()
		Eventually(t, "every sentinel knows the others and the replica", func() bool {
			info, err := c.Do(t.Context(), "SENTINEL", "MASTER", MasterName).Result()
			fields, ok := info.(map[any]any)
			return err == nil && ok && fields["num-slaves"] == "1" && fields["num-other-sentinels"] == fmt.Sprint(sentinels-1)
		})
		_ = c.Close()
	}
	return s
}
