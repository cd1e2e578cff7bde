// Command customer360 is a live customer 360° API: one GraphQL server over the
// systems a company already runs. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"customer360/graph"
	"customer360/internal/command"
	"customer360/internal/config"
	"customer360/internal/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "customer360:", err)
		os.Exit(1)
	}
}

// flags are the command line, one struct for all commands.
type flags struct {
	config, listen, write, fault, customer string
	debug                                  bool
}

// run is the program without the process: it reads the command line and does
// what it says until ctx ends.
func run(ctx context.Context, args []string, getenv func(string) string, out, logs io.Writer) error {
	name := "serve"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
		if name == "cache" && len(args) > 0 {
			name, args = name+" "+args[0], args[1:]
		}
	}
	var f flags
	set := flag.NewFlagSet("customer360 "+name, flag.ContinueOnError)
	set.SetOutput(out)
	set.BoolVar(&f.debug, "debug", false, "log every question to a source")
	switch name {
	case "serve", "check", "cache forget", "cache get":
		set.StringVar(&f.config, "config", "", "the configuration `FILE`; without it the sandbox runs")
		if name == "serve" {
			set.StringVar(&f.listen, "listen", "", "the `ADDRESS` to listen on, this machine only; overrides the configuration")
			set.StringVar(&f.fault, "sandbox-fault", "", "break systems of the sandbox, `SYSTEM=FAULT`: hang, down, drip, slow, 429, html")
		} else if name != "check" {
			set.StringVar(&f.customer, "customer", "", "whom: the `ID` of a customer or contact, as the API gives it")
		}
	case "sandbox":
		set.StringVar(&f.write, "write", "", "write the configuration that connects to the fakes to `FILE`")
		set.StringVar(&f.fault, "fault", "", "break systems, `SYSTEM=FAULT`: hang, down, drip, slow, 429, html")
	case "schema", "version":
	default:
		return fmt.Errorf("there is no command %q; there are serve, check, cache forget, cache get, sandbox, schema and version", name)
	}
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if set.NArg() > 0 {
		return fmt.Errorf("%s takes no argument %q", name, set.Arg(0))
	}
	level := slog.LevelInfo
	if f.debug {
		level = slog.LevelDebug
	}
	env := command.Env{Out: out, Log: slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: level})), Now: time.Now}
	switch name {
	case "schema":
		return command.Schema(out, graph.NewExecutableSchema(graph.Config{}).Schema())
	case "version":
		return command.Version(out)
	case "sandbox":
		return command.Sandbox(ctx, env, f.write, f.fault)
	}
	cfg, box, err := command.Configured(ctx, env, getenv, command.Choice{Config: f.config, Listen: f.listen, Fault: f.fault})
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	switch name {
	case "check":
		return command.Check(ctx, env, cfg)
	case "cache forget":
		return command.CacheForget(ctx, env, cfg, f.customer)
	case "cache get":
		return command.CacheGet(ctx, env, cfg, f.customer)
	}
	return serve(ctx, env, cfg, box)
}

// serve answers until ctx ends.
func serve(ctx context.Context, env command.Env, cfg *config.Config, box *sandbox.Sandbox) error {
	house, err := command.Open(ctx, env, cfg)
	if err != nil {
		return err
	}
	defer house.Close()
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w (choose another address with -listen)", cfg.Listen, err)
	}
	house.Announce(ctx, ln.Addr(), box)
	return house.Server.Serve(ctx, ln)
}
