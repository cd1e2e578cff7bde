//go:build live

package live

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// keptSeed is a seeded database beside the installation of its system. Filling one takes most of a minute, so it is kept
// until the plan, the code that fills it or the day changes.
type keptSeed struct {
	dir, name string
}

// seedName is the file name for a seed that depends on these parts, and on today.
func seedName(parts ...[]byte) string {
	version := sha256.New()
	for _, part := range append(parts, []byte(time.Now().UTC().Format(time.DateOnly))) {
		version.Write(part)
		version.Write([]byte{0})
	}
	return "seeded-" + hex.EncodeToString(version.Sum(nil))[:16] + ".sqlite"
}

// fetch copies the kept database to its place, and reports whether there is one.
func (k keptSeed) fetch(to string) bool { return copyFile(filepath.Join(k.dir, k.name), to) == nil }

// keep stores a copy that the function makes, in place of all older ones.
func (k keptSeed) keep(copyTo func(path string) error) error {
	old, err := filepath.Glob(filepath.Join(k.dir, "seeded-*"))
	if err != nil {
		return fmt.Errorf("looking for old seeds: %w", err)
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("removing an old seed: %w", err)
		}
	}
	if err := copyTo(filepath.Join(k.dir, k.name)); err != nil {
		return fmt.Errorf("keeping the seed: %w", err)
	}
	return nil
}

// copyFile makes the copy appear under its name only when it is complete.
func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	partial := to + ".partial"
	if err := os.WriteFile(partial, data, 0o600); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	if err := os.Rename(partial, to); err != nil {
		return fmt.Errorf("renaming: %w", err)
	}
	return nil
}
