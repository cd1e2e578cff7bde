package command

import (
	"context"
	"errors"

	"customer360/internal/config"
	"customer360/internal/sandbox"
)

// Choice is what the command line chooses.
type Choice struct {
	Config string // the configuration's path; empty for the sandbox
	Listen string // overrides the configuration's address; empty leaves it
	Fault  string // breaks systems of the sandbox: "helpdesk=hang"
}

// Configured reads the configuration or, without one, starts the sandbox and
// describes it. The sandbox is nil when there is a configuration; the caller
// closes it.
func Configured(ctx context.Context, env Env, getenv func(string) string, c Choice) (*config.Config, *sandbox.Sandbox, error) {
	cfg, box, err := open(ctx, env, getenv, c)
	if err == nil {
		if c.Listen != "" {
			cfg.Listen = c.Listen
		}
		err = config.CheckListen(cfg.Listen, cfg.Access.Open)
	}
	if err != nil {
		return nil, nil, errors.Join(err, box.Close())
	}
	return cfg, box, nil
}

func open(ctx context.Context, env Env, getenv func(string) string, c Choice) (*config.Config, *sandbox.Sandbox, error) {
	if c.Config != "" {
		if c.Fault != "" {
			return nil, nil, errors.New("-sandbox-fault breaks the sandbox's systems only: leave out -config")
		}
		cfg, err := config.Load(c.Config, getenv)
		return cfg, nil, err
	}
	faults, err := sandbox.ParseFaults(c.Fault)
	if err != nil {
		return nil, nil, err
	}
	box, err := sandbox.Start(ctx, env.Now(), faults)
	if err != nil {
		return nil, nil, err
	}
	text, err := box.Config()
	if err != nil {
		return nil, box, err
	}
	cfg, err := config.Parse(text, ".", getenv)
	return cfg, box, err
}
