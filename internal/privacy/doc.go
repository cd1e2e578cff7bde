// Package privacy knows what kind of data every field of the graph holds, as the
// schema's own directives say it. It knows no resolver, no source and no caller.
package privacy
