package command

import (
	"context"
	"customer360/cache"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"customer360/internal/config"
	"customer360/internal/sandbox"
	"customer360/resolvers"
	"customer360/sources"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"io"
	"os"
)

// Check opens every source and asks it whether address and credentials are right;
// it prints what works, what each source can do, and how to mend what does not
// work. It errs when a source failed.
func Check(ctx context.Context, env Env, cfg *config.Config) error {
	opened, err := openSources(env, cfg, nil)
	if err != nil {
		return err
	}
	failed := opened.CheckAll(ctx)
	for i, s := range opened.Set {
		role := ""
		if i == 0 {
			role = ", leading"
		}
		err := failed[s.Name]
		if err == nil {
			_, _ = fmt.Fprintf(env.Out, "%-12s ok      %s%s\n", s.Name, s.Vendor, role)
		} else {
			_, _ = fmt.Fprintf(env.Out, "%-12s FAILED  %s%s: %s\n%13smend: %s\n", s.Name, s.Vendor, role, cause(err), "", Mend(err))
		}
		_, _ = fmt.Fprintf(env.Out, "%13scan: %s\n", "", strings.Join(resolvers.Capabilities(s), " "))
	}
	if err := checkRedis(ctx, env, cfg); err != nil {
		return err
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d sources failed", len(failed), len(opened.Set))
	}
	return nil
}

// checkRedis tells whether the configured Redis answers.
func checkRedis(ctx context.Context, env Env, cfg *config.Config) error {
	if cfg.Cache.Redis == nil {
		return nil
	}
	kept, err := openCache(ctx, env, cfg, cache.Observer{})
	if err != nil {
		return err
	}
	defer kept.Close()
	if remote := cfg.Cache.Redis.Remote(); remote != "" {
		_, _ = fmt.Fprintf(env.Out, "%-12s note    %s is reached without TLS: the values are sealed, the login is not; rediss:// hides both\n", "redis", remote)
	}
	if err := kept.Reach(ctx); err != nil {
		_, _ = fmt.Fprintf(env.Out, "%-12s FAILED  %v\n%13smend: check cache.redis and its login, and whether it runs; the server answers without it, at the systems' cost\n", "redis", err, "")
		return errors.New("the cache's Redis does not answer")
	}
	_, _ = fmt.Fprintf(env.Out, "%-12s ok\n", "redis")
	return nil
}

// cause is the failure without the source's name, which stands before it.
func cause(e *sources.Error) string {
	if e.Err != nil {
		return string(e.Code) + " (" + e.Err.Error() + ")"
	}
	return string(e.Code)
}

// Mend says what an operator does about a failure.
func Mend(e *sources.Error) string {
	switch e.Code {
	case sources.Unauthorized:
		return "the system refuses the credentials under auth: make new ones there and put them into the configuration"
	case sources.Forbidden:
		return "the credentials lack a right: grant the read rights that docs/sources lists for this type"
	case sources.RateLimited:
		if e.RetryAfter > 0 {
			return "the system's limit is used up: try again in " + e.RetryAfter.String()
		}
		return "the system's limit is used up: try again later"
	case sources.Timeout:
		return "the system did not answer in time: look at it and at the network in between, or raise timeout"
	case sources.BadResponse:
		return "something answered that is not this type of system: check baseURL and type"
	default:
		return "nothing usable answered there: check baseURL, and whether the system runs"
	}
}

// Sandbox serves the fakes alone and writes the configuration that connects to
// them, until ctx ends.
func Sandbox(ctx context.Context, env Env, file, fault string) error {
	if file == "" {
		return errors.New("sandbox needs -write FILE: where to write the configuration that connects to the fakes")
	}
	faults, err := sandbox.ParseFaults(fault)
	if err != nil {
		return err
	}
	box, err := sandbox.Start(ctx, env.Now(), faults)
	if err != nil {
		return err
	}
	text, err := box.Config()
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing the configuration: %w", err), box.Close())
	}
	_, _ = fmt.Fprintf(env.Out, "The fakes answer while this runs. In another terminal: customer360 serve -config %s\n", file)
	<-ctx.Done()
	return box.Close()
}

// Schema prints the schema with its descriptions, without the generator's own directive.
func Schema(out io.Writer, schema *ast.Schema) error {
	const generators = "goField"
	public := *schema
	public.Directives = maps.Clone(schema.Directives)
	delete(public.Directives, generators)
	public.Types = map[string]*ast.Definition{}
	for name, def := range schema.Types {
		d := *def
		d.Fields = nil
		for _, field := range def.Fields {
			f := *field
			f.Directives = slices.DeleteFunc(slices.Clone(f.Directives), func(d *ast.Directive) bool { return d.Name == generators })
			d.Fields = append(d.Fields, &f)
		}
		public.Types[name] = &d
	}
	formatter.NewFormatter(out, formatter.WithIndent("  ")).FormatSchema(&public)
	return nil
}

// Version prints the version of the build.
func Version(out io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this build does not say its version")
	}
	version, revision := build()
	_, err := fmt.Fprintln(out, "customer360", strings.TrimSpace(version+" "+revision), info.GoVersion)
	return err
}
