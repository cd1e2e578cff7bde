//go:build live

package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// ErrAbsent says that a system is not installed here; .ci/live/install installs it.
var ErrAbsent = errors.New("not installed, run .ci/live/install")

// Place says where the systems are installed and where this run may write.
type Place struct {
	Installed string // the directory of .ci/live/install
	Scripts   string // .ci/live of the repository
	Work      string // empty directory for databases, configurations and logs
}

// FindPlace returns the place of this run: C360_LIVE_DIR or its default, and the scripts beside this package.
func FindPlace(work string) (Place, error) {
	scripts, err := filepath.Abs(filepath.Join("..", "..", ".ci", "live"))
	if err != nil {
		return Place{}, fmt.Errorf("finding the scripts: %w", err)
	}
	installed := os.Getenv("C360_LIVE_DIR")
	if installed == "" {
		installed = "/var/tmp/customer360-live"
	}
	return Place{Installed: installed, Scripts: scripts, Work: work}, nil
}

// How long a server may take to start on a busy machine, and to end.
const (
	startup  = 3 * time.Minute
	patience = 5 * time.Second
)

// process is a started server: its own process group, so that ending it ends what it started and nothing else.
type process struct {
	name string
	log  string // path of its output
	cmd  *exec.Cmd
	done chan error
}

// startProcess runs a server with its output in a file of the work directory. It lives until stop, or until the context ends.
func startProcess(ctx context.Context, name, work string, environment []string, program string, arguments ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, program, arguments...)
	p := &process{name: name, log: filepath.Join(work, name+".log"), cmd: cmd, done: make(chan error, 1)}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	defer func() { _ = out.Close() }() // the child has its own descriptor
	cmd.Dir, cmd.Env = work, append(os.Environ(), environment...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() { p.done <- cmd.Wait() }()
	return p, nil
}

// ready waits until the address answers HTTP with anything, the process ends, or the context does.
func (p *process) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startup)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return fmt.Errorf("asking %s: %w", p.name, err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case err := <-p.done:
			p.done <- err
			return fmt.Errorf("%s ended before it was ready: %w\n%s", p.name, err, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w\n%s", p.name, ctx.Err(), p.tail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop ends the process group: asked first, forced when patience ends.
func (p *process) stop() error {
	group := -p.cmd.Process.Pid
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(group, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stopping %s: %w", p.name, err)
		}
		select {
		case <-p.done: //nolint:errcheck // however it ended: it was told to
			return nil
		case <-time.After(patience):
		}
	}
	return fmt.Errorf("stopping %s: still running", p.name)
}

// tail is the end of the process's output.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// freeAddress is a loopback address nobody listens on at the moment. The port lies below those that systems hand out
// by themselves, so that no other test gets it before the server does.
func freeAddress(ctx context.Context) (host, port string, err error) {
	for range 50 {
		port = strconv.Itoa(20000 + rand.IntN(12000))
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			continue // taken
		}
		if err := listener.Close(); err != nil {
			return "", "", fmt.Errorf("finding a free port: %w", err)
		}
		return "127.0.0.1", port, nil
	}
	return "", "", errors.New("finding a free port: all tried are taken")
}
